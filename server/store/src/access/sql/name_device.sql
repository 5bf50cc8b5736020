-- $1 shop, $2 id, $3 name
UPDATE device SET name = $3
WHERE shop = $1 AND id = $2
