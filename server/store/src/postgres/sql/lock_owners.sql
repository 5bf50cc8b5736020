-- Whoever ends an owner waits for whoever else does; in one order, so that no two wait for each other. $1 shop
SELECT person FROM member
WHERE shop = $1 AND role = 'owner' AND ended_at IS NULL
ORDER BY person
FOR UPDATE
