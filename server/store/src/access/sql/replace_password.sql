-- Where nobody has set another one since. $1 id, $2 password, $3 the one before
UPDATE person SET password = $2
WHERE id = $1 AND password = $3
