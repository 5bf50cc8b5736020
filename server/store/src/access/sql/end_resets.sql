-- $1 person, $2 now
UPDATE password_reset SET expires_at = $2
WHERE person = $1 AND used_at IS NULL AND expires_at > $2
