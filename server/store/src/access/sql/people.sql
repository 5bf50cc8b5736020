SELECT id, login, name, password, added_at FROM person
ORDER BY login
