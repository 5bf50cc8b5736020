-- Those who belong to it now, with who they are. $1 shop
SELECT p.id, p.login, p.name, p.password, p.added_at, m.role, m.since
FROM member AS m JOIN person AS p ON p.id = m.person
WHERE m.shop = $1 AND m.ended_at IS NULL
ORDER BY p.login
