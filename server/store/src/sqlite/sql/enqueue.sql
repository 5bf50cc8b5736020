-- An id that is there already stays as it is. $1 shop, $2 command, $3 fingerprint, $4 body, $5 time, $6 key,
-- $7 partition
INSERT INTO command_queue (shop, command_id, fingerprint, body, enqueued_at, key, partition)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (shop, command_id) DO NOTHING
