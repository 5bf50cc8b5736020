-- $1 shop, $2 view
SELECT epoch, position
FROM view_checkpoint
WHERE shop = $1 AND view = $2
