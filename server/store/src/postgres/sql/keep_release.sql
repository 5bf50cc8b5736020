-- $1 release, $2 now, $3 paths, $4 content types, $5 compressed, $6 bytes
WITH started AS (
    INSERT INTO release (id, started_at)
    VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET started_at = greatest(release.started_at, excluded.started_at)
)
INSERT INTO release_file (path, release, content_type, gzip, bytes)
SELECT path, $1, content_type, gzip, bytes
FROM unnest($3::text[], $4::text[], $5::boolean[], $6::bytea[]) AS given (path, content_type, gzip, bytes)
-- Always in one order: two instances that start together must not wait for each other.
ORDER BY path
ON CONFLICT (path) DO UPDATE SET release = excluded.release
