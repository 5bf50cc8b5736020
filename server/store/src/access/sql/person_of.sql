-- $1 login
SELECT id, login, name, password, added_at FROM person
WHERE login = $1
