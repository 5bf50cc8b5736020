-- $1 JSON: a list of arrivals, $2 owner, $3 lease until
UPDATE command_queue SET owner = $2, lease_until = $3
WHERE arrival IN (SELECT value FROM json_each($1))
