-- $1 shop, $2 before, $3 limit
SELECT position, aggregate, version, type, schema, command_id, index_in_command, actor, device, issued_at, recorded_at,
       causation, correlation, payload, hash
FROM event
WHERE shop = $1 AND position < $2
ORDER BY position DESC
LIMIT $3
