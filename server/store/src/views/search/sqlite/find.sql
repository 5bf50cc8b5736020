-- $1 shop, $2 words as FTS5 is asked for them, $3 how many
SELECT kind, id
FROM search_words JOIN search_view ON number = search_words.rowid
WHERE search_words MATCH $2 AND shop = $1
ORDER BY kind, id
LIMIT $3
