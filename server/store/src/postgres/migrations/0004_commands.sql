-- Settled commands stay for a while, to be looked at and handled again. A key is what a command is about, and is
-- always in the same partition; whoever has leased a partition handles its commands.
ALTER TABLE command_queue
    ADD COLUMN key text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN partition integer NOT NULL DEFAULT 0,
    ADD COLUMN settled boolean NOT NULL DEFAULT false,
    DROP COLUMN owner,
    DROP COLUMN lease_until;

DROP INDEX command_queue_arrival;
CREATE UNIQUE INDEX command_queue_arrival ON command_queue (arrival);
CREATE INDEX command_queue_waiting ON command_queue (arrival) WHERE parked IS NULL AND NOT settled;
-- Those that were put back are few, and whoever comes behind one of its key waits.
CREATE INDEX command_queue_later ON command_queue (shop, key, arrival)
    WHERE parked IS NULL AND NOT settled AND not_before > 0;

CREATE TABLE command_partition (
    partition integer PRIMARY KEY,
    owner uuid NOT NULL,
    lease_until bigint NOT NULL
);

-- How far each group of readers has come.
CREATE TABLE command_offset (
    name text COLLATE "C" PRIMARY KEY,
    arrival bigint NOT NULL
);
