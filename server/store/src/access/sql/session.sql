-- $1 hash
SELECT hash, person, begun_at, idle_until, ends_at FROM session
WHERE hash = $1
