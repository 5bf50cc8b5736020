-- $1 shop, $2 fold, $3 position, $4 hash, $5 bytes
INSERT INTO snapshot (shop, fold, position, hash, bytes)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (shop, fold, position) DO UPDATE SET hash = excluded.hash, bytes = excluded.bytes
