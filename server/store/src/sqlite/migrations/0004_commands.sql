-- Settled commands stay for a while, to be looked at and handled again. A key is what a command is about, and is
-- always in the same partition; whoever has leased a partition handles its commands.
ALTER TABLE command_queue ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE command_queue ADD COLUMN partition INTEGER NOT NULL DEFAULT 0;
ALTER TABLE command_queue ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE command_queue DROP COLUMN owner;
ALTER TABLE command_queue DROP COLUMN lease_until;

CREATE INDEX command_queue_waiting ON command_queue (arrival) WHERE parked IS NULL AND settled = 0;
-- Those that were put back are few, and whoever comes behind one of its key waits.
CREATE INDEX command_queue_later ON command_queue (shop, key, arrival)
    WHERE parked IS NULL AND settled = 0 AND not_before > 0;

CREATE TABLE command_partition (
    partition INTEGER PRIMARY KEY,
    owner BLOB NOT NULL,
    lease_until INTEGER NOT NULL
) STRICT;

-- How far each group of readers has come.
CREATE TABLE command_offset (
    name TEXT PRIMARY KEY,
    arrival INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
