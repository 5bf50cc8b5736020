-- $1 shop, $2 id, $3 now
UPDATE device SET revoked_at = $3
WHERE shop = $1 AND id = $2 AND revoked_at IS NULL
