-- Whether the owner has the partitions of all these, beyond a moment. $1 JSON: a list of arrivals, $2 owner, $3 moment
SELECT NOT EXISTS (
    SELECT 1 FROM command_queue
    WHERE arrival IN (SELECT value FROM json_each($1))
      AND NOT EXISTS (
          SELECT 1 FROM command_partition AS held
          WHERE held.partition = command_queue.partition AND held.owner = $2 AND held.lease_until > $3
      )
)
