-- On which device of a shop a session is used, so that a device's end is the end of the session there, and of no other
-- session of whoever used it. The last word counts.
CREATE TABLE session_device (
    session bytea NOT NULL REFERENCES session (hash) ON DELETE CASCADE,
    shop text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL,
    PRIMARY KEY (session, shop),
    FOREIGN KEY (shop, device) REFERENCES device (shop, id)
);

-- What a device still had to send when it was heard of last.
ALTER TABLE device ADD COLUMN unsent bigint;

-- What came from a device or a person after their end: written before it, and decided by an owner. Rows are never removed.
CREATE TABLE quarantine (
    shop text COLLATE "C" NOT NULL REFERENCES shop_head (shop),
    command_id uuid NOT NULL,
    person text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL,
    submission text NOT NULL,
    issued_at bigint NOT NULL,
    received_at bigint NOT NULL,
    settled text COLLATE "C",
    settled_by text,
    settled_at bigint,
    PRIMARY KEY (shop, command_id)
);
