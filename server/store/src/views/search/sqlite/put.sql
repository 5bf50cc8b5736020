-- A field that is null goes. $1 shop, $2 JSON: [kind, id, whether nothing stays of what was there, fields]
INSERT INTO search_view (shop, kind, id, fields)
SELECT $1, value ->> 0, value ->> 1, json_patch(
    iif(value ->> 2, '{}', coalesce(
        (SELECT fields FROM search_view WHERE shop = $1 AND kind = value ->> 0 AND id = value ->> 1), '{}'
    )),
    value -> 3
)
FROM json_each($2)
WHERE true
ON CONFLICT (shop, kind, id) DO UPDATE SET fields = excluded.fields
