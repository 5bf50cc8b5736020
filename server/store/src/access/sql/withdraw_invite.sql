-- One that nobody has used yet. $1 shop, $2 id, $3 now
UPDATE invite SET expires_at = $3
WHERE shop = $1 AND id = $2 AND used_by IS NULL AND expires_at > $3
