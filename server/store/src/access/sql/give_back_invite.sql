-- $1 hash, $2 by whom it was claimed
UPDATE invite SET used_by = NULL, used_at = NULL
WHERE hash = $1 AND used_by = $2
