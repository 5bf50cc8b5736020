-- $1 arrivals
UPDATE command_queue SET parked = NULL, settled = false, attempts = 0, not_before = 0
WHERE arrival = ANY ($1::bigint[])
