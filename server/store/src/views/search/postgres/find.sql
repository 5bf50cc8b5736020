-- $1 shop, $2 words as a text search is asked for them, $3 how many
SELECT kind, id
FROM search_view
WHERE words @@ $2::tsquery AND shop = $1
ORDER BY kind, id
LIMIT $3
