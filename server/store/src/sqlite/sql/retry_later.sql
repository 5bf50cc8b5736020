-- $1 shop, $2 command, $3 not before, $4 attempts
UPDATE command_queue SET not_before = $3, attempts = $4
WHERE shop = $1 AND command_id = $2
