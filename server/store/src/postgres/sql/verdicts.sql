-- $1 shop, $2 commands
SELECT command_id, fingerprint, verdict
FROM verdict
WHERE shop = $1 AND command_id = ANY ($2::uuid[])
