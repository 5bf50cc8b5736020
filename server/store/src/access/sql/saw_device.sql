-- Neither goes back, in whatever order this is said. $1 shop, $2 id, $3 now, $4 last entry, 0 for none
UPDATE device
SET seen_at = CASE WHEN seen_at > $3 THEN seen_at ELSE $3 END,
    last_entry = CASE WHEN $4 > coalesce(last_entry, 0) THEN $4 ELSE last_entry END
WHERE shop = $1 AND id = $2
