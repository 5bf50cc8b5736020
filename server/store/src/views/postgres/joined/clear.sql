-- $1 shop, $2 view
WITH forgotten AS (
    DELETE FROM view_checkpoint
    WHERE shop = $1 AND view = $2
), allocations AS (
    DELETE FROM view_allocation
    WHERE shop = $1
)
DELETE FROM view_batch
WHERE shop = $1
