-- $1 shop, $2 JSON: a list of [name, position]
INSERT INTO checkpoint (shop, name, position)
SELECT $1, value ->> 0, value ->> 1
FROM json_each($2)
WHERE true -- or the parser takes ON for a join's condition
ON CONFLICT (shop, name) DO UPDATE SET position = excluded.position
