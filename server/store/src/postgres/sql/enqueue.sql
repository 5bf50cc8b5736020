-- All or none, in the order given. An id that is there already stays as it is, unless its body was another one; one that
-- was decided for another command is refused as well.
-- $1 shops, $2 commands, $3 fingerprints, $4 bodies, $5 times, $6 keys, $7 partitions
INSERT INTO command_queue (shop, command_id, fingerprint, body, enqueued_at, key, partition)
SELECT shop, command_id, CASE
        WHEN EXISTS (
            SELECT 1 FROM verdict
            WHERE verdict.shop = given.shop AND verdict.command_id = given.command_id
              AND verdict.fingerprint <> given.fingerprint
        ) THEN refuse('DB003', 'the id was used for another command')
        ELSE fingerprint
    END, body, enqueued_at, key, partition
FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bytea[], $5::bigint[], $6::text[], $7::integer[]) WITH ORDINALITY
    AS given (shop, command_id, fingerprint, body, enqueued_at, key, partition, place)
ORDER BY place
ON CONFLICT (shop, command_id) DO UPDATE SET fingerprint = CASE
    WHEN command_queue.fingerprint = excluded.fingerprint THEN command_queue.fingerprint
    ELSE refuse('DB003', 'the id was used for another command')
END
