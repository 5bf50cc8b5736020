-- $1 shop, $2 epoch, $3 position, $4 not before
UPDATE letter SET not_before = $4
WHERE shop = $1 AND epoch = $2 AND position = $3
