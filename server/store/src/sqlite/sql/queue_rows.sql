-- $1 shop (null: any), $2 after this arrival, $3 limit
SELECT arrival, shop, command_id, key, fingerprint, body, enqueued_at, attempts, not_before, parked, settled
FROM command_queue
WHERE arrival > $2 AND ($1 IS NULL OR shop = $1)
ORDER BY arrival
LIMIT $3
