-- $1 id
SELECT id, login, name, password, added_at FROM person
WHERE id = $1
