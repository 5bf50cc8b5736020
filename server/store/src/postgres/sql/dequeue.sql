-- $1 shop, $2 commands
UPDATE command_queue SET settled = true, parked = NULL
WHERE shop = $1 AND command_id = ANY ($2::uuid[])
