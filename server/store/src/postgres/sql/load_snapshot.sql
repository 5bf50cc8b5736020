-- $1 shop, $2 fold, $3 greatest position
SELECT position, fold, hash, bytes
FROM snapshot
WHERE shop = $1 AND fold = $2 AND position <= $3
ORDER BY position DESC
LIMIT 1
