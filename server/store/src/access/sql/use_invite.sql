-- Once by one person, who may say so again. $1 hash, $2 person, $3 now
UPDATE invite SET used_by = $2, used_at = coalesce(used_at, $3)
WHERE hash = $1 AND expires_at > $3 AND (used_by IS NULL OR used_by = $2)
RETURNING shop, role, made_at
