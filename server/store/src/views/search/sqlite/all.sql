-- $1 shop
SELECT kind, id, fields
FROM search_view
WHERE shop = $1
ORDER BY kind, id
