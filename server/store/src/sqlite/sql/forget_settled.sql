-- $1 queued before
DELETE FROM command_queue
WHERE settled = 1 AND enqueued_at < $1
