-- $1 shop, $2 view
WITH forgotten AS (
    DELETE FROM view_checkpoint
    WHERE shop = $1 AND view = $2
)
DELETE FROM search_view
WHERE shop = $1
