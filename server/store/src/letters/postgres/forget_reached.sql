-- $1 shop, $2 reader
DELETE FROM view_checkpoint
WHERE shop = $1 AND view = $2
