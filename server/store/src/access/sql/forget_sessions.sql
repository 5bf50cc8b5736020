-- $1 now
DELETE FROM session
WHERE idle_until <= $1 OR ends_at <= $1
