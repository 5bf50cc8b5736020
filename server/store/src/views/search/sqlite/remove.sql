-- $1 shop, $2 JSON: [kind, id]
DELETE FROM search_view
WHERE shop = $1 AND (kind, id) IN (SELECT value ->> 0, value ->> 1 FROM json_each($2))
