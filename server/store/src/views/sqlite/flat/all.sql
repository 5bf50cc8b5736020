-- $1 shop
SELECT order_id, sku, batchref, qty
FROM allocations_view
WHERE shop = $1
ORDER BY order_id, sku, batchref
