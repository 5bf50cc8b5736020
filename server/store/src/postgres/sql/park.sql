-- $1 shop, $2 command, $3 reason
UPDATE command_queue SET parked = $3, owner = NULL, lease_until = 0
WHERE shop = $1 AND command_id = $2
