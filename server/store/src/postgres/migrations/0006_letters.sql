-- Letters about entries, to be sent once. Those that are sent stay, so that no entry is written about twice.
CREATE TABLE letter (
    shop text COLLATE "C" NOT NULL,
    epoch uuid NOT NULL,
    position bigint NOT NULL,
    body bytea NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    not_before bigint NOT NULL DEFAULT 0,
    sent boolean NOT NULL DEFAULT false,
    PRIMARY KEY (shop, epoch, position)
);

CREATE INDEX letter_waiting ON letter (not_before) WHERE NOT sent;
