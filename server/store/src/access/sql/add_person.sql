-- A login is one person's. $1 id, $2 login, $3 name, $4 password, $5 added at
INSERT INTO person (id, login, name, password, added_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (login) DO NOTHING
