-- $1 shop, $2 JSON: a list of ids in hexadecimal
UPDATE command_queue SET settled = 1, parked = NULL
WHERE shop = $1 AND command_id IN (SELECT unhex(value) FROM json_each($2))
