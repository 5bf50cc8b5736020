-- $1 hash, $2 idle until
UPDATE session SET idle_until = $2
WHERE hash = $1
