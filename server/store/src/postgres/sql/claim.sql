-- A statement of its own, behind the lease: it sees what the owner before has settled.
-- $1 shop (null: any), $2 leased partitions, $3 now, $4 limit
SELECT arrival, shop, command_id, key, fingerprint, body, enqueued_at, attempts, not_before, parked, settled
FROM command_queue AS waiting
WHERE partition = ANY ($2::integer[])
  AND parked IS NULL AND NOT settled AND not_before <= $3 AND ($1::text IS NULL OR shop = $1)
  AND NOT EXISTS (
      SELECT 1 FROM command_queue AS earlier
      WHERE earlier.shop = waiting.shop AND earlier.key = waiting.key AND earlier.arrival < waiting.arrival
        AND earlier.parked IS NULL AND NOT earlier.settled AND earlier.not_before > 0 AND earlier.not_before > $3
  )
ORDER BY arrival
LIMIT $4
