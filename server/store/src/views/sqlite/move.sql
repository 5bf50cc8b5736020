-- No row is changed unless the view stands where the follower believes it does: nowhere, for 0.
-- $1 shop, $2 view, $3 epoch, $4 position before, $5 position after
INSERT INTO view_checkpoint (shop, view, epoch, position)
SELECT $1, $2, $3, $5
WHERE $4 = 0 OR EXISTS (SELECT 1 FROM view_checkpoint WHERE shop = $1 AND view = $2)
ON CONFLICT (shop, view) DO UPDATE SET position = excluded.position
WHERE view_checkpoint.epoch = excluded.epoch AND view_checkpoint.position = $4
