-- Who may come in. Rows of a shop are never removed: what was written before somebody left is judged by when that was.
-- Secrets are kept as hashes alone; the index over them finds the row, so no secret is ever compared byte by byte.
CREATE TABLE person (
    id uuid PRIMARY KEY,
    login text COLLATE "C" NOT NULL,
    name text NOT NULL,
    password text,
    added_at bigint NOT NULL,
    CONSTRAINT person_login UNIQUE (login)
);

CREATE TABLE member (
    shop text COLLATE "C" NOT NULL REFERENCES shop_head (shop),
    person uuid NOT NULL,
    role text COLLATE "C" NOT NULL,
    since bigint NOT NULL,
    ended_at bigint,
    PRIMARY KEY (shop, person)
);

CREATE INDEX member_person ON member (person);

CREATE TABLE session (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    person uuid NOT NULL,
    begun_at bigint NOT NULL,
    idle_until bigint NOT NULL,
    ends_at bigint NOT NULL
);

CREATE INDEX session_person ON session (person);

CREATE TABLE invite (
    shop text COLLATE "C" NOT NULL REFERENCES shop_head (shop),
    id uuid NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    role text COLLATE "C" NOT NULL,
    made_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_by uuid,
    used_at bigint,
    PRIMARY KEY (shop, id),
    CONSTRAINT invite_hash UNIQUE (hash)
);

CREATE TABLE device (
    shop text COLLATE "C" NOT NULL REFERENCES shop_head (shop),
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    person uuid NOT NULL,
    enrolled_at bigint NOT NULL,
    seen_at bigint,
    last_entry bigint,
    revoked_at bigint,
    PRIMARY KEY (shop, id)
);

CREATE TABLE token (
    shop text COLLATE "C" NOT NULL REFERENCES shop_head (shop),
    id uuid NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    name text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL,
    made_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    PRIMARY KEY (shop, id),
    CONSTRAINT token_name UNIQUE (shop, name),
    CONSTRAINT token_hash UNIQUE (hash)
);
