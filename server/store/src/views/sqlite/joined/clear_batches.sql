-- $1 shop
DELETE FROM view_batch
WHERE shop = $1
