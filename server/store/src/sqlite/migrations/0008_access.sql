-- Who may come in. Rows of a shop are never removed: what was written before somebody left is judged by when that was.
-- Secrets are kept as hashes alone; the index over them finds the row, so no secret is ever compared byte by byte.
CREATE TABLE person (
    id BLOB PRIMARY KEY,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    password TEXT,
    added_at INTEGER NOT NULL,
    CONSTRAINT person_login UNIQUE (login)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
    shop TEXT NOT NULL REFERENCES shop_head (shop),
    person BLOB NOT NULL,
    role TEXT NOT NULL,
    since INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (shop, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX member_person ON member (person);

CREATE TABLE session (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    person BLOB NOT NULL,
    begun_at INTEGER NOT NULL,
    idle_until INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_person ON session (person);

CREATE TABLE invite (
    shop TEXT NOT NULL REFERENCES shop_head (shop),
    id BLOB NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    role TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_by BLOB,
    used_at INTEGER,
    PRIMARY KEY (shop, id),
    CONSTRAINT invite_hash UNIQUE (hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    shop TEXT NOT NULL REFERENCES shop_head (shop),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    person BLOB NOT NULL,
    enrolled_at INTEGER NOT NULL,
    seen_at INTEGER,
    last_entry INTEGER,
    revoked_at INTEGER,
    PRIMARY KEY (shop, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    shop TEXT NOT NULL REFERENCES shop_head (shop),
    id BLOB NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    PRIMARY KEY (shop, id),
    CONSTRAINT token_name UNIQUE (shop, name),
    CONSTRAINT token_hash UNIQUE (hash)
) STRICT, WITHOUT ROWID;
