-- $1 person
DELETE FROM session
WHERE person = $1
