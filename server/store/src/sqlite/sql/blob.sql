-- $1 shop, $2 name
SELECT name, media_type, width, height, bytes
FROM blob
WHERE shop = $1 AND name = $2
