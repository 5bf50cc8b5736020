-- All rows in one statement: a statement a row would be a message to the connection's thread and back a row.
-- $1 shop, $2 JSON: a list of rows, each a list of columns, bytes as hexadecimal
INSERT INTO event (shop, position, aggregate, version, type, schema, command_id, index_in_command, actor, device,
                   issued_at, recorded_at, causation, correlation, payload, hash)
SELECT $1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, unhex(value ->> 5), value ->> 6,
       value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, unhex(value ->> 12),
       CAST(value ->> 13 AS BLOB), unhex(value ->> 14)
FROM json_each($2)
ORDER BY key
