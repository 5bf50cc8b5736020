-- Keeps the one at $3 and the newest before it. $1 shop, $2 fold, $3 position
DELETE FROM snapshot
WHERE shop = $1 AND fold = $2
  AND position < (SELECT max(position) FROM snapshot WHERE shop = $1 AND fold = $2 AND position < $3)
