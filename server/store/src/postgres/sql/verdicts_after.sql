-- $1 shop, $2 the command before (null: from the first), $3 limit
SELECT command_id, fingerprint, verdict
FROM verdict
WHERE shop = $1 AND ($2::uuid IS NULL OR command_id > $2)
ORDER BY command_id
LIMIT $3
