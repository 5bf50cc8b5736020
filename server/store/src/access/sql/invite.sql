-- $1 hash
SELECT shop, id, hash, role, made_at, expires_at, used_by, used_at FROM invite
WHERE hash = $1
