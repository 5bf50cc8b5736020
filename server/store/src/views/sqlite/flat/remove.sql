-- $1 shop, $2 JSON: [order, SKU, batch]
DELETE FROM allocations_view
WHERE shop = $1
  AND (order_id, sku, batchref) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($2))
