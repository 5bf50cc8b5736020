-- $1 shop, $2 id, $3 hash, $4 role, $5 made at, $6 expires at
INSERT INTO invite (shop, id, hash, role, made_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
