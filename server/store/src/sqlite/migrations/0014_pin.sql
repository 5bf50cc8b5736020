-- By what people switch on a browser that they have signed in on before. The browser is named by the hash of a secret that
-- it keeps, the PIN is kept as a hash. `wrong` counts tries in a row.
CREATE TABLE pin (
    browser BLOB NOT NULL CHECK (length(browser) = 32),
    person BLOB NOT NULL,
    hash TEXT NOT NULL,
    wrong INTEGER NOT NULL CHECK (wrong >= 0),
    set_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (browser, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX pin_person ON pin (person);
