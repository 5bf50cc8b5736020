-- $1 shop, $2 view, $3 epoch, $4 position before, $5 position after, $6..$7 removed: kinds, ids
-- $8..$11 put: kinds, ids, whether nothing stays of what was there, fields (one that is null has gone)
--
-- Everything hangs on `moved`, which has no row unless the view stands where the follower believes it does: nowhere,
-- for 0. Each record is put or removed, not both.
WITH moved AS (
    INSERT INTO view_checkpoint AS stands (shop, view, epoch, position)
    SELECT $1, $2, $3, $5
    WHERE $4 = 0 OR EXISTS (SELECT 1 FROM view_checkpoint WHERE shop = $1 AND view = $2)
    ON CONFLICT (shop, view) DO UPDATE SET position = excluded.position
    WHERE stands.epoch = excluded.epoch AND stands.position = $4
    RETURNING 1
), removed AS (
    DELETE FROM search_view
    USING unnest($6::text[], $7::text[]) AS gone (kind, id)
    WHERE shop = $1 AND search_view.kind = gone.kind AND search_view.id = gone.id AND EXISTS (SELECT 1 FROM moved)
), put AS (
    INSERT INTO search_view (shop, kind, id, fields)
    SELECT $1, given.kind, given.id,
        CASE WHEN given.is_new OR there.fields IS NULL THEN '{}' ELSE there.fields END || given.fields::jsonb
    FROM unnest($8::text[], $9::text[], $10::boolean[], $11::text[]) AS given (kind, id, is_new, fields)
    LEFT JOIN search_view AS there ON there.shop = $1 AND there.kind = given.kind AND there.id = given.id
    WHERE EXISTS (SELECT 1 FROM moved)
    ON CONFLICT (shop, kind, id) DO UPDATE SET fields = excluded.fields
)
SELECT count(*) FROM moved
