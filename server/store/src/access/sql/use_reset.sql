-- Once. $1 hash, $2 now
UPDATE password_reset SET used_at = $2
WHERE hash = $1 AND used_at IS NULL AND expires_at > $2
