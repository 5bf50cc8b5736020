-- $1 person
SELECT shop, person, role, since, ended_at FROM member
WHERE person = $1
ORDER BY shop
