-- A name is one token's for ever. $1 shop, $2 id, $3 hash, $4 name, $5 role, $6 scope, $7 made at, $8 expires at
INSERT INTO token (shop, id, hash, name, role, scope, made_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (shop, name) DO NOTHING
