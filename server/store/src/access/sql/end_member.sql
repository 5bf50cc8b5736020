-- $1 shop, $2 person, $3 now
UPDATE member SET ended_at = $3
WHERE shop = $1 AND person = $2 AND ended_at IS NULL
