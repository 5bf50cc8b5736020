-- $1 shop, $2 JSON: [order, SKU, batch]
DELETE FROM view_allocation
WHERE shop = $1 AND (order_id, batchref) IN (SELECT value ->> 0, value ->> 2 FROM json_each($2))
