-- A shop has one first owner, also where two want to be it at once.
ALTER TABLE member ADD COLUMN is_founder INTEGER NOT NULL DEFAULT 0;

CREATE UNIQUE INDEX member_founder ON member (shop) WHERE is_founder = 1;

-- A forgotten password: a way to set another one, once. The shop is the one whose owner made it.
CREATE TABLE password_reset (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    shop TEXT NOT NULL REFERENCES shop_head (shop),
    person BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX password_reset_person ON password_reset (person);
