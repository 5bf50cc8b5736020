-- $1 shop, $2 name, $3 media type, $4 width, $5 height, $6 size, $7 bytes, $8 most bytes of the shop together
INSERT INTO blob (shop, name, media_type, width, height, size, bytes)
SELECT shop_head.shop, $2, $3, $4, $5, $6, $7
FROM shop_head
WHERE shop_head.shop = $1 AND (SELECT coalesce(sum(size), 0) FROM blob WHERE blob.shop = $1) + $6 <= $8
ON CONFLICT (shop, name) DO NOTHING
