-- $1 shop, $2 epoch
UPDATE shop_head SET epoch = $2
WHERE shop = $1
