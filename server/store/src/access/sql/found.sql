-- The first member a shop has ever had, and of several at once one: the index over founders has room for one a shop.
-- $1 shop, $2 person, $3 role, $4 since
INSERT INTO member (shop, person, role, since, is_founder)
SELECT $1, $2, $3, $4, 1
WHERE NOT EXISTS (SELECT 1 FROM member WHERE shop = $1)
ON CONFLICT DO NOTHING
