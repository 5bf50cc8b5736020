-- An id that is there already stays as it is. $1 shop, $2 command, $3 fingerprint, $4 body, $5 time
INSERT INTO command_queue (shop, command_id, fingerprint, body, enqueued_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (shop, command_id) DO NOTHING
