-- $1 shop
SELECT shop, id, hash, name, role, scope, made_at, expires_at, revoked_at FROM token
WHERE shop = $1
