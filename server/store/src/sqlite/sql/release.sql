-- $1 owner
DELETE FROM command_partition
WHERE owner = $1
