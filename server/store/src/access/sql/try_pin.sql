-- One statement counts and looks, so that a crowd of tries at once is counted too. $1 browser, $2 person, $3 most, $4 now
UPDATE pin SET wrong = wrong + 1
WHERE browser = $1 AND person = $2 AND wrong < $3 AND ends_at > $4
RETURNING browser, person, hash, wrong, set_at, ends_at
