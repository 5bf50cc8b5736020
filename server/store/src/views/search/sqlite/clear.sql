-- $1 shop
DELETE FROM search_view
WHERE shop = $1
