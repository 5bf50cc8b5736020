-- All where no browser is known. $1 person, $2 browser that keeps its own
DELETE FROM pin
WHERE person = $1 AND browser IS DISTINCT FROM $2
