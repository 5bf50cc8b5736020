-- $1 shop, $2 names
SELECT name
FROM blob
WHERE shop = $1 AND name = ANY ($2)
