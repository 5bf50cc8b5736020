-- $1 shop, $2 reader, $3 epoch, $4 position before, $5 position after, $6..$7 letters: positions, bodies
--
-- Nothing is noted unless the reader stands where it believes it does: nowhere, for 0. An entry has one letter.
WITH moved AS (
    INSERT INTO view_checkpoint AS stands (shop, view, epoch, position)
    SELECT $1, $2, $3, $5
    WHERE $4 = 0 OR EXISTS (SELECT 1 FROM view_checkpoint WHERE shop = $1 AND view = $2)
    ON CONFLICT (shop, view) DO UPDATE SET position = excluded.position
    WHERE stands.epoch = excluded.epoch AND stands.position = $4
    RETURNING 1
), noted AS (
    INSERT INTO letter (shop, epoch, position, body)
    SELECT $1, $3, given.*
    FROM unnest($6::bigint[], $7::bytea[]) AS given
    WHERE EXISTS (SELECT 1 FROM moved)
    ON CONFLICT (shop, epoch, position) DO NOTHING
)
SELECT count(*) FROM moved
