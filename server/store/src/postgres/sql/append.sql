-- One append, one statement, one round trip, one commit.
--
-- $1 shop, $2 epoch, $3 position before, $4 position after, $5 hash after (null: no events)
-- $6..$20 the events' columns, one array each
-- $21..$23 the verdicts' columns      $24..$25 the checkpoints' columns      $26 queued commands now settled
--
-- Everything hangs on `moved`: if the head is elsewhere, it has no row and nothing is written. Its row lock makes
-- writers of one shop go one after another; at READ COMMITTED the condition is checked again once the lock is had.
WITH moved AS (
    UPDATE shop_head SET position = $4, hash = coalesce($5, hash)
    WHERE shop = $1 AND epoch = $2 AND position = $3
    RETURNING 1
), events AS (
    INSERT INTO event (shop, position, aggregate, version, type, schema, command_id, index_in_command, actor, device,
                       issued_at, recorded_at, causation, correlation, payload, hash)
    SELECT $1, given.*
    FROM unnest($6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::integer[], $11::uuid[], $12::integer[],
                $13::text[], $14::text[], $15::bigint[], $16::bigint[], $17::bigint[], $18::uuid[], $19::bytea[],
                $20::bytea[]) AS given
    WHERE EXISTS (SELECT 1 FROM moved)
    RETURNING 1
), verdicts AS (
    INSERT INTO verdict (shop, command_id, fingerprint, verdict)
    SELECT $1, given.*
    FROM unnest($21::uuid[], $22::bigint[], $23::bytea[]) AS given
    WHERE EXISTS (SELECT 1 FROM moved)
    RETURNING 1
), checkpoints AS (
    INSERT INTO checkpoint (shop, name, position)
    SELECT $1, given.*
    FROM unnest($24::text[], $25::bigint[]) AS given
    WHERE EXISTS (SELECT 1 FROM moved)
    ON CONFLICT (shop, name) DO UPDATE SET position = excluded.position
    RETURNING 1
), settled AS (
    UPDATE command_queue SET settled = true, parked = NULL
    WHERE shop = $1 AND command_id = ANY ($26::uuid[]) AND EXISTS (SELECT 1 FROM moved)
)
-- A row that went missing on its way in (a rule, a policy, a trigger of somebody's) fails the whole statement.
SELECT CASE
    WHEN NOT EXISTS (SELECT 1 FROM moved) THEN 0
    WHEN (SELECT count(*) FROM events) <> cardinality($6) THEN refuse('DB002', 'events were lost in the append')
    WHEN (SELECT count(*) FROM verdicts) <> cardinality($21) THEN refuse('DB002', 'verdicts were lost in the append')
    WHEN (SELECT count(*) FROM checkpoints) <> cardinality($24) THEN refuse('DB002', 'checkpoints were lost')
    ELSE 1
END AS written
