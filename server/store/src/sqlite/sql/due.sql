-- $1 shop (null: any), $2 owner, $3 now, $4 limit
SELECT arrival, shop, command_id, fingerprint, body, enqueued_at, attempts
FROM command_queue AS waiting
WHERE parked IS NULL AND not_before <= $3 AND lease_until <= $3 AND ($1 IS NULL OR shop = $1)
  AND NOT EXISTS (
      SELECT 1 FROM command_queue AS held
      WHERE held.shop = waiting.shop AND held.lease_until > $3 AND held.owner <> $2
  )
ORDER BY arrival
LIMIT $4
