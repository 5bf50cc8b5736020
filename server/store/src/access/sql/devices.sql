-- $1 shop
SELECT shop, id, name, person, enrolled_at, seen_at, last_entry, revoked_at, unsent, browser FROM device
WHERE shop = $1
ORDER BY id
