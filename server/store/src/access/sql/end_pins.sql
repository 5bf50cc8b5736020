-- $1 person
DELETE FROM pin
WHERE person = $1
