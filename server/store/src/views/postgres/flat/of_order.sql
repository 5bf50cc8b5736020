-- One search of the primary key. $1 shop, $2 order
SELECT order_id, sku, batchref, qty
FROM allocations_view
WHERE shop = $1 AND order_id = $2
ORDER BY sku, batchref
