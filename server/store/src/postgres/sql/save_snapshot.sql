-- Keeps this one and the newest before it. $1 shop, $2 fold, $3 position, $4 hash, $5 bytes
WITH older AS (
    DELETE FROM snapshot
    WHERE shop = $1 AND fold = $2
      AND position < (SELECT max(position) FROM snapshot WHERE shop = $1 AND fold = $2 AND position < $3)
)
INSERT INTO snapshot (shop, fold, position, hash, bytes)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (shop, fold, position) DO UPDATE SET hash = excluded.hash, bytes = excluded.bytes
