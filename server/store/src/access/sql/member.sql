-- $1 shop, $2 person
SELECT shop, person, role, since, ended_at FROM member
WHERE shop = $1 AND person = $2
