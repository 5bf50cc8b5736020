-- $1 id, $2 password
UPDATE person SET password = $2
WHERE id = $1
