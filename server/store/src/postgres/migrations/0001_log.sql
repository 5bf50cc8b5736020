-- One row a shop. The update of this row is what gives positions their order: whoever holds the row lock appends,
-- and the lock is released only after the commit has become visible. Room is left on each page, and no index
-- covers the columns that change, so an update stays on its page (HOT).
CREATE TABLE shop_head (
    shop text COLLATE "C" PRIMARY KEY,
    title text NOT NULL,
    epoch uuid NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    hash bytea NOT NULL CHECK (length(hash) = 32)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Times are milliseconds since 1970. The payload is the bytes that were hashed, never parsed or indexed here. No foreign key: an append writes
-- only behind the update of its shop's row, and a key would be looked up again for every row.
CREATE TABLE event (
    shop text COLLATE "C" NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    aggregate text COLLATE "C" NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    type text COLLATE "C" NOT NULL,
    schema integer NOT NULL,
    command_id uuid NOT NULL,
    index_in_command integer NOT NULL,
    actor text NOT NULL,
    device text NOT NULL,
    issued_at bigint NOT NULL,
    recorded_at bigint NOT NULL,
    causation bigint,
    correlation uuid NOT NULL,
    payload bytea NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    CONSTRAINT event_position PRIMARY KEY (shop, position),
    CONSTRAINT event_version UNIQUE (shop, aggregate, version)
);

-- The index that makes a repeat of a command answer alike, for ever.
CREATE TABLE verdict (
    shop text COLLATE "C" NOT NULL,
    command_id uuid NOT NULL,
    fingerprint bigint NOT NULL,
    verdict bytea NOT NULL,
    CONSTRAINT verdict_command PRIMARY KEY (shop, command_id)
);

CREATE TABLE checkpoint (
    shop text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (shop, name)
) WITH (fillfactor = 50);

CREATE TABLE snapshot (
    shop text COLLATE "C" NOT NULL REFERENCES shop_head (shop),
    fold bigint NOT NULL,
    position bigint NOT NULL,
    hash bytea NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (shop, fold, position)
);

-- A refusal with a code of ours, for statements that must not go through.
CREATE FUNCTION refuse(code text, what text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = what;
END
$$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'DB001', MESSAGE = format('%s on %s: it is append-only', TG_OP, TG_TABLE_NAME);
END
$$;

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER verdict_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON verdict
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The log for people: SELECT * FROM log WHERE data LIKE '%OAT-1%'.
CREATE VIEW log AS
SELECT shop, position, aggregate, version, type, schema, convert_from(payload, 'UTF8') AS data, actor, device,
       to_timestamp(issued_at / 1000.0) AS issued_at, to_timestamp(recorded_at / 1000.0) AS recorded_at,
       command_id, index_in_command, causation, correlation, encode(hash, 'hex') AS hash
FROM event
ORDER BY shop, position;
