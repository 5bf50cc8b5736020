-- Its name, its browser, what it has written, and that it was revoked, stay. $1 shop, $2 id, $3 name, $4 person,
-- $5 enrolled at, $6 browser
INSERT INTO device (shop, id, name, person, enrolled_at, browser)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (shop, id)
    DO UPDATE SET person = excluded.person, browser = COALESCE(device.browser, excluded.browser)
