-- $1 shop
SELECT shop, person, role, since, ended_at FROM member
WHERE shop = $1
