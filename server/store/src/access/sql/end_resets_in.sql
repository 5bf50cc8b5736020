-- Whomever they are for. $1 the shop whose owners made them, $2 now
UPDATE password_reset SET expires_at = $2
WHERE shop = $1 AND used_at IS NULL AND expires_at > $2
