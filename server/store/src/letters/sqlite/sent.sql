-- $1 shop, $2 epoch, $3 position
UPDATE letter SET sent = 1
WHERE shop = $1 AND epoch = $2 AND position = $3
