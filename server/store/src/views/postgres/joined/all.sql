-- $1 shop
SELECT order_id, sku, batchref, qty
FROM view_allocation JOIN view_batch USING (shop, batchref)
WHERE shop = $1
ORDER BY order_id, sku, batchref
