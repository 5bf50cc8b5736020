-- $1 shop, $2 JSON: [order, SKU, batch, quantity]
INSERT INTO view_allocation (shop, order_id, batchref, qty)
SELECT $1, value ->> 0, value ->> 2, value ->> 3
FROM json_each($2)
WHERE true
ON CONFLICT (shop, order_id, batchref) DO UPDATE SET qty = excluded.qty
