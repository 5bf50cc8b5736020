-- Its name, what it has written, and that it was revoked, stay. $1 shop, $2 id, $3 name, $4 person, $5 enrolled at
INSERT INTO device (shop, id, name, person, enrolled_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (shop, id) DO UPDATE SET person = excluded.person
