-- $1 session, $2 shop
SELECT device.shop, id, name, person, enrolled_at, seen_at, last_entry, revoked_at, unsent, browser FROM session_device
JOIN device ON device.shop = session_device.shop AND id = device
WHERE session = $1 AND session_device.shop = $2
