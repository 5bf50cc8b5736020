-- $1 shop, $2 names as a JSON list
SELECT name
FROM blob
WHERE shop = $1 AND name IN (SELECT value FROM json_each($2))
