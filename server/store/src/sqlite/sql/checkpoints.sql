-- $1 shop
SELECT name, position
FROM checkpoint
WHERE shop = $1
ORDER BY name
