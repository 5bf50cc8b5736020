-- $1 browser, $2 person
UPDATE pin SET wrong = 0
WHERE browser = $1 AND person = $2
