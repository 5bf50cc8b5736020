-- By what people switch on a browser that they have signed in on before. The browser is named by the hash of a secret that
-- it keeps, the PIN is kept as a hash. `wrong` counts tries in a row.
CREATE TABLE pin (
    browser bytea NOT NULL CHECK (length(browser) = 32),
    person uuid NOT NULL,
    hash text NOT NULL,
    wrong bigint NOT NULL CHECK (wrong >= 0),
    set_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    PRIMARY KEY (browser, person)
);

CREATE INDEX pin_person ON pin (person);
