-- $1 shop, $2 command, $3 reason
UPDATE command_queue SET parked = $3
WHERE shop = $1 AND command_id = $2
