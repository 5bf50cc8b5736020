-- $1 shop (null: any), $2 owner, $3 now, $4 lease until, $5 limit, $6 renew before
--
-- A partition that another owner has leased meanwhile is not had: the condition is checked again behind the row lock.
-- One that the owner itself has beyond $6 is had as it stands: nothing is written for it.
WITH due AS (
    SELECT partition
    FROM command_queue AS waiting
    WHERE parked IS NULL AND NOT settled AND not_before <= $3 AND ($1::text IS NULL OR shop = $1)
      AND NOT EXISTS (
          SELECT 1 FROM command_queue AS earlier
          WHERE earlier.shop = waiting.shop AND earlier.key = waiting.key AND earlier.arrival < waiting.arrival
            AND earlier.parked IS NULL AND NOT earlier.settled AND earlier.not_before > 0 AND earlier.not_before > $3
      )
      AND NOT EXISTS (
          SELECT 1 FROM command_partition AS held
          WHERE held.partition = waiting.partition AND held.owner <> $2 AND held.lease_until > $3
      )
    ORDER BY arrival
    LIMIT $5
), had AS (
    SELECT partition
    FROM command_partition
    WHERE owner = $2 AND lease_until > $6 AND partition IN (SELECT partition FROM due)
), taken AS (
    INSERT INTO command_partition AS leased (partition, owner, lease_until)
    SELECT DISTINCT partition, $2::uuid, $4::bigint
    FROM due
    WHERE partition NOT IN (SELECT partition FROM had)
    ORDER BY partition
    ON CONFLICT (partition) DO UPDATE SET owner = excluded.owner, lease_until = excluded.lease_until
    WHERE leased.owner = excluded.owner OR leased.lease_until <= $3
    RETURNING partition
)
SELECT partition FROM had
UNION ALL
SELECT partition FROM taken
