-- $1 shop, $2 commands
DELETE FROM command_queue
WHERE shop = $1 AND command_id = ANY ($2::uuid[])
