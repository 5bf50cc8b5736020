-- $1 queued before
DELETE FROM command_queue
WHERE settled AND enqueued_at < $1
