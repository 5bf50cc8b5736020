-- An id that is there already stays as it is, and one that was decided for another command is not queued.
-- $1 shop, $2 command, $3 fingerprint, $4 body, $5 time, $6 key, $7 partition
INSERT INTO command_queue (shop, command_id, fingerprint, body, enqueued_at, key, partition)
SELECT $1, $2, $3, $4, $5, $6, $7
WHERE NOT EXISTS (SELECT 1 FROM verdict WHERE shop = $1 AND command_id = $2 AND fingerprint <> $3)
ON CONFLICT (shop, command_id) DO NOTHING
