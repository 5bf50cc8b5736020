-- $1 browser, $2 person
DELETE FROM pin
WHERE browser = $1 AND person = $2
