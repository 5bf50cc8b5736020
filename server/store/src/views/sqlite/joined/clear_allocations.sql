-- $1 shop
DELETE FROM view_allocation
WHERE shop = $1
