-- $1 now, $2 not again before, $3 limit
UPDATE letter SET not_before = $2, attempts = attempts + 1
WHERE (shop, epoch, position) IN (
    SELECT shop, epoch, position FROM letter
    WHERE sent = 0 AND not_before <= $1
    ORDER BY shop, epoch, position
    LIMIT $3
)
RETURNING shop, epoch, position, body, attempts
