-- $1 shop, $2 id
UPDATE device SET revoked_at = NULL
WHERE shop = $1 AND id = $2 AND revoked_at IS NOT NULL
