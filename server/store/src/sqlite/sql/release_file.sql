-- $1 path
SELECT path, content_type, gzip, bytes
FROM release_file
WHERE path = $1
