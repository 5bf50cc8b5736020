-- Their files go with them. $1 the moment before which a release is old, $2 kept at least, $3 kept at most
DELETE FROM release
WHERE id NOT IN (SELECT id FROM release ORDER BY started_at DESC, id DESC LIMIT $2)
  AND (started_at < $1 OR id NOT IN (SELECT id FROM release ORDER BY started_at DESC, id DESC LIMIT $3))
