-- $1 shop, $2 view, $3 epoch, $4 position before, $5 position after, $6..$8 removed: orders, SKUs, batches
-- $9..$12 put: orders, SKUs, batches, quantities
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
), removed AS (
    DELETE FROM allocations_view
    USING unnest($6::text[], $7::text[], $8::text[]) AS gone (order_id, sku, batchref)
    WHERE shop = $1 AND allocations_view.order_id = gone.order_id AND allocations_view.sku = gone.sku
      AND allocations_view.batchref = gone.batchref AND EXISTS (SELECT 1 FROM moved)
), put AS (
    INSERT INTO allocations_view (shop, order_id, sku, batchref, qty)
    SELECT $1, given.*
    FROM unnest($9::text[], $10::text[], $11::text[], $12::bigint[]) AS given
    WHERE EXISTS (SELECT 1 FROM moved)
    ON CONFLICT (shop, order_id, sku, batchref) DO UPDATE SET qty = excluded.qty
)
SELECT count(*) FROM moved
