-- $1 JSON: a list of arrivals, $2 owner, $3 lease until
INSERT OR REPLACE INTO command_partition (partition, owner, lease_until)
SELECT DISTINCT partition, $2, $3
FROM command_queue
WHERE arrival IN (SELECT value FROM json_each($1))
