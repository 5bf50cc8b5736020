-- $1 shop
SELECT shop, title, epoch, position, hash
FROM shop_head
WHERE shop = $1
