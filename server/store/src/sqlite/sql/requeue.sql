-- $1 JSON: a list of arrivals
UPDATE command_queue SET parked = NULL, settled = 0, attempts = 0, not_before = 0
WHERE arrival IN (SELECT value FROM json_each($1))
