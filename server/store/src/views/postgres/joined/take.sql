-- $1 shop, $2 view, $3 epoch, $4 position before, $5 position after, $6..$8 removed: orders, SKUs, batches
-- $9..$12 put: orders, SKUs, batches, quantities
-- $13..$14 batches that began: batches, SKUs
--
-- Everything hangs on `moved`, which has no row unless the view stands where the follower believes it does: nowhere,
-- for 0. Each key is put or removed, not both.
WITH moved AS (
    INSERT INTO view_checkpoint AS stands (shop, view, epoch, position)
    SELECT $1, $2, $3, $5
    WHERE $4 = 0 OR EXISTS (SELECT 1 FROM view_checkpoint WHERE shop = $1 AND view = $2)
    ON CONFLICT (shop, view) DO UPDATE SET position = excluded.position
    WHERE stands.epoch = excluded.epoch AND stands.position = $4
    RETURNING 1
), batches AS (
    INSERT INTO view_batch (shop, batchref, sku)
    SELECT $1, given.*
    FROM unnest($13::text[], $14::text[]) AS given
    WHERE EXISTS (SELECT 1 FROM moved)
    ON CONFLICT (shop, batchref) DO NOTHING
), removed AS (
    DELETE FROM view_allocation
    USING unnest($6::text[], $7::text[], $8::text[]) AS gone (order_id, sku, batchref)
    WHERE shop = $1 AND view_allocation.order_id = gone.order_id AND view_allocation.batchref = gone.batchref
      AND EXISTS (SELECT 1 FROM moved)
), put AS (
    INSERT INTO view_allocation (shop, order_id, batchref, qty)
    SELECT $1, order_id, batchref, qty
    FROM unnest($9::text[], $10::text[], $11::text[], $12::bigint[]) AS given (order_id, sku, batchref, qty)
    WHERE EXISTS (SELECT 1 FROM moved)
    ON CONFLICT (shop, order_id, batchref) DO UPDATE SET qty = excluded.qty
)
SELECT count(*) FROM moved
