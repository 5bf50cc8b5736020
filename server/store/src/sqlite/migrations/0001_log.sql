-- One row a shop. Every append updates it in the same transaction, so positions have no holes.
CREATE TABLE shop_head (
    shop TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    position INTEGER NOT NULL CHECK (position >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT, WITHOUT ROWID;

-- Times are milliseconds since 1970. The payload is the bytes that were hashed, never parsed or indexed here. No foreign key: an append writes
-- only behind the update of its shop's row, and a key would be looked up again for every row.
CREATE TABLE event (
    shop TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position > 0),
    aggregate TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    type TEXT NOT NULL,
    schema INTEGER NOT NULL,
    command_id BLOB NOT NULL CHECK (length(command_id) = 16),
    index_in_command INTEGER NOT NULL,
    actor TEXT NOT NULL,
    device TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    causation INTEGER,
    correlation BLOB NOT NULL CHECK (length(correlation) = 16),
    payload BLOB NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (shop, position),
    UNIQUE (shop, aggregate, version)
) STRICT;

-- The index that makes a repeat of a command answer alike, for ever.
CREATE TABLE verdict (
    shop TEXT NOT NULL,
    command_id BLOB NOT NULL CHECK (length(command_id) = 16),
    fingerprint INTEGER NOT NULL,
    verdict BLOB NOT NULL,
    PRIMARY KEY (shop, command_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    shop TEXT NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (shop, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
    shop TEXT NOT NULL REFERENCES shop_head (shop),
    fold INTEGER NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (shop, fold, position)
) STRICT;

CREATE TRIGGER event_is_not_updated BEFORE UPDATE ON event
BEGIN SELECT RAISE (ABORT, 'event is append-only'); END;

CREATE TRIGGER event_is_not_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE (ABORT, 'event is append-only'); END;

-- INSERT OR REPLACE removes the old row without asking a delete trigger (unless recursive_triggers is on).
CREATE TRIGGER event_is_not_replaced BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE shop = NEW.shop AND position = NEW.position)
  OR EXISTS (SELECT 1 FROM event WHERE shop = NEW.shop AND aggregate = NEW.aggregate AND version = NEW.version)
BEGIN SELECT RAISE (ABORT, 'event is append-only'); END;

CREATE TRIGGER verdict_is_not_updated BEFORE UPDATE ON verdict
BEGIN SELECT RAISE (ABORT, 'verdict is append-only'); END;

CREATE TRIGGER verdict_is_not_deleted BEFORE DELETE ON verdict
BEGIN SELECT RAISE (ABORT, 'verdict is append-only'); END;

CREATE TRIGGER verdict_is_not_replaced BEFORE INSERT ON verdict
WHEN EXISTS (SELECT 1 FROM verdict WHERE shop = NEW.shop AND command_id = NEW.command_id)
BEGIN SELECT RAISE (ABORT, 'verdict is append-only'); END;

-- The log for people: SELECT * FROM log WHERE data LIKE '%OAT-1%'.
CREATE VIEW log AS
SELECT shop, position, aggregate, version, type, schema, CAST(payload AS TEXT) AS data, actor, device,
       strftime('%Y-%m-%dT%H:%M:%fZ', issued_at / 1000.0, 'unixepoch') AS issued_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', recorded_at / 1000.0, 'unixepoch') AS recorded_at,
       lower(hex(command_id)) AS command_id, index_in_command, causation, lower(hex(correlation)) AS correlation,
       lower(hex(hash)) AS hash
FROM event
ORDER BY shop, position;
