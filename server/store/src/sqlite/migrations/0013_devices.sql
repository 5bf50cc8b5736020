-- On which device of a shop a session is used, so that a device's end is the end of the session there, and of no other
-- session of whoever used it. The last word counts.
CREATE TABLE session_device (
    session BLOB NOT NULL REFERENCES session (hash) ON DELETE CASCADE,
    shop TEXT NOT NULL,
    device TEXT NOT NULL,
    PRIMARY KEY (session, shop),
    FOREIGN KEY (shop, device) REFERENCES device (shop, id)
) STRICT, WITHOUT ROWID;

-- What a device still had to send when it was heard of last.
ALTER TABLE device ADD COLUMN unsent INTEGER;

-- What came from a device or a person after their end: written before it, and decided by an owner. Rows are never removed.
CREATE TABLE quarantine (
    shop TEXT NOT NULL REFERENCES shop_head (shop),
    command_id BLOB NOT NULL,
    person TEXT NOT NULL,
    role TEXT NOT NULL,
    device TEXT NOT NULL,
    submission TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    settled TEXT,
    settled_by TEXT,
    settled_at INTEGER,
    PRIMARY KEY (shop, command_id)
) STRICT, WITHOUT ROWID;
