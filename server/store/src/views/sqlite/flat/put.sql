-- $1 shop, $2 JSON: [order, SKU, batch, quantity]
INSERT INTO allocations_view (shop, order_id, sku, batchref, qty)
SELECT $1, value ->> 0, value ->> 1, value ->> 2, value ->> 3
FROM json_each($2)
WHERE true
ON CONFLICT (shop, order_id, sku, batchref) DO UPDATE SET qty = excluded.qty
