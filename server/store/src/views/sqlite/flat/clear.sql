-- $1 shop
DELETE FROM allocations_view
WHERE shop = $1
