-- $1 shop (null: any), $2 owner, $3 now, $4 limit
SELECT arrival, shop, command_id, key, fingerprint, body, enqueued_at, attempts, not_before, parked, settled
FROM command_queue AS waiting
WHERE parked IS NULL AND settled = 0 AND not_before <= $3 AND ($1 IS NULL OR shop = $1)
  AND NOT EXISTS (
      SELECT 1 FROM command_queue AS earlier
      WHERE earlier.shop = waiting.shop AND earlier.key = waiting.key AND earlier.arrival < waiting.arrival
        AND earlier.parked IS NULL AND earlier.settled = 0 AND earlier.not_before > 0 AND earlier.not_before > $3
  )
  AND NOT EXISTS (
      SELECT 1 FROM command_partition AS held
      WHERE held.partition = waiting.partition AND held.owner <> $2 AND held.lease_until > $3
  )
ORDER BY arrival
LIMIT $4
