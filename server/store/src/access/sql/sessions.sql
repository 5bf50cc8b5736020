-- $1 person
SELECT hash, person, begun_at, idle_until, ends_at FROM session
WHERE person = $1
