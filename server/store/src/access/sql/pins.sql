-- $1 browser
SELECT browser, person, hash, wrong, set_at, ends_at FROM pin
WHERE browser = $1
