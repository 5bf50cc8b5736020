-- $1 hash, $2 shop, $3 person, $4 made at, $5 expires at
INSERT INTO password_reset (hash, shop, person, made_at, expires_at)
VALUES ($1, $2, $3, $4, $5)
