-- $1 shop, $2 JSON: [batch, SKU]
INSERT INTO view_batch (shop, batchref, sku)
SELECT $1, value ->> 0, value ->> 1
FROM json_each($2)
WHERE true
ON CONFLICT (shop, batchref) DO NOTHING
