-- $1 hash
SELECT hash, shop, person, made_at, expires_at, used_at FROM password_reset
WHERE hash = $1
