-- $1 shop, $2 command
SELECT fingerprint
FROM command_queue
WHERE shop = $1 AND command_id = $2
