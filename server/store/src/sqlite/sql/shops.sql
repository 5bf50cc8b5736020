SELECT shop, title, epoch, position, hash
FROM shop_head
ORDER BY shop
