-- $1 shop, $2 JSON: a list of ids in hexadecimal
DELETE FROM command_queue
WHERE shop = $1 AND command_id IN (SELECT unhex(value) FROM json_each($2))
