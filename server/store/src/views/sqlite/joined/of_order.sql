-- $1 shop, $2 order
SELECT order_id, sku, batchref, qty
FROM view_allocation JOIN view_batch USING (shop, batchref)
WHERE shop = $1 AND order_id = $2
ORDER BY sku, batchref
