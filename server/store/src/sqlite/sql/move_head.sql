-- $1 shop, $2 epoch, $3 position before, $4 position after, $5 hash after (null: no events)
UPDATE shop_head SET position = $4, hash = coalesce($5, hash)
WHERE shop = $1 AND epoch = $2 AND position = $3
