-- Commands that were answered before they were decided. `arrival` orders them; holes in it mean nothing.
CREATE TABLE command_queue (
    arrival INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL REFERENCES shop_head (shop),
    command_id BLOB NOT NULL CHECK (length(command_id) = 16),
    fingerprint INTEGER NOT NULL,
    body BLOB NOT NULL,
    enqueued_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    owner BLOB,
    lease_until INTEGER NOT NULL DEFAULT 0,
    parked TEXT,
    UNIQUE (shop, command_id)
) STRICT;
