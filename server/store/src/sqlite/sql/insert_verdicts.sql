-- $1 shop, $2 JSON: a list of rows, each a list of columns, bytes as hexadecimal
INSERT INTO verdict (shop, command_id, fingerprint, verdict)
SELECT $1, unhex(value ->> 0), value ->> 1, CAST(value ->> 2 AS BLOB)
FROM json_each($2)
