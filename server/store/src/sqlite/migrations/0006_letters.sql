-- Letters about entries, to be sent once. Those that are sent stay, so that no entry is written about twice.
CREATE TABLE letter (
    shop TEXT NOT NULL,
    epoch BLOB NOT NULL,
    position INTEGER NOT NULL,
    body BLOB NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (shop, epoch, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX letter_waiting ON letter (not_before) WHERE sent = 0;
