-- $1 shop, $2 aggregate, $3 after this version, $4 limit
SELECT position, aggregate, version, type, schema, command_id, index_in_command, actor, device, issued_at, recorded_at,
       causation, correlation, payload, hash
FROM event
WHERE shop = $1 AND aggregate = $2 AND version > $3
ORDER BY version
LIMIT $4
