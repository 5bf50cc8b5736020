-- $1 shop (null: any), $2 owner, $3 now, $4 lease until, $5 limit
WITH due AS (
    SELECT shop, command_id
    FROM command_queue AS waiting
    WHERE parked IS NULL AND not_before <= $3 AND lease_until <= $3 AND ($1::text IS NULL OR shop = $1)
      AND NOT EXISTS (
          SELECT 1 FROM command_queue AS held
          WHERE held.shop = waiting.shop AND held.lease_until > $3 AND held.owner <> $2
      )
    ORDER BY arrival
    LIMIT $5
), leased AS (
    -- Another claimer may have been faster while this one waited for the row: then the condition no longer holds.
    UPDATE command_queue SET owner = $2, lease_until = $4
    FROM due
    WHERE command_queue.shop = due.shop AND command_queue.command_id = due.command_id
      AND command_queue.lease_until <= $3
    RETURNING command_queue.shop, command_queue.command_id, arrival, fingerprint, body, enqueued_at, attempts
)
SELECT shop, command_id, fingerprint, body, enqueued_at, attempts
FROM leased
ORDER BY arrival
