-- Found by its hash alone: how long a comparison takes says nothing of a secret. $1 hash
SELECT shop, id, hash, name, role, scope, made_at, expires_at, revoked_at FROM token
WHERE hash = $1
