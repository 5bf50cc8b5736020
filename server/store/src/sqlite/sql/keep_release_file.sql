-- $1 path, $2 release, $3 content type, $4 compressed, $5 bytes
INSERT INTO release_file (path, release, content_type, gzip, bytes)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (path) DO UPDATE SET release = excluded.release
