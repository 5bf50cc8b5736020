-- $1 shop, $2 title, $3 epoch, $4 hash before the first event
INSERT INTO shop_head (shop, title, epoch, position, hash)
VALUES ($1, $2, $3, 0, $4)
ON CONFLICT (shop) DO NOTHING
