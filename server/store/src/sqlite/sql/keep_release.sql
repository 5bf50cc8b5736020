-- $1 release, $2 now
INSERT INTO release (id, started_at)
VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET started_at = max(started_at, excluded.started_at)
