-- $1 hash, $2 person, $3 begun at, $4 idle until, $5 ends at
INSERT INTO session (hash, person, begun_at, idle_until, ends_at)
VALUES ($1, $2, $3, $4, $5)
