-- Commands that were answered before they were decided. `arrival` orders them; holes in it mean nothing.
CREATE TABLE command_queue (
    shop text COLLATE "C" NOT NULL REFERENCES shop_head (shop),
    command_id uuid NOT NULL,
    arrival bigint GENERATED ALWAYS AS IDENTITY,
    fingerprint bigint NOT NULL,
    body bytea NOT NULL,
    enqueued_at bigint NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    not_before bigint NOT NULL DEFAULT 0,
    owner uuid,
    lease_until bigint NOT NULL DEFAULT 0,
    parked text,
    CONSTRAINT command_queue_command PRIMARY KEY (shop, command_id)
);

CREATE INDEX command_queue_arrival ON command_queue (arrival) WHERE parked IS NULL;
