-- $1 shop
SELECT kind, id, fields::text
FROM search_view
WHERE shop = $1
ORDER BY kind, id
