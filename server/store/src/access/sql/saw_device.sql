-- None of it goes back, in whatever order this is said. $1 shop, $2 id, $3 now, $4 last entry, 0 for none, $5 unsent, -1
-- where nothing was said of it
UPDATE device
SET unsent = CASE WHEN $5 >= 0 AND coalesce(seen_at, 0) <= $3 THEN $5 ELSE unsent END,
    seen_at = CASE WHEN seen_at > $3 THEN seen_at ELSE $3 END,
    last_entry = CASE WHEN $4 > coalesce(last_entry, 0) THEN $4 ELSE last_entry END
WHERE shop = $1 AND id = $2
