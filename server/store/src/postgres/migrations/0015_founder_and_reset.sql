-- A shop has one first owner, also where two want to be it at once.
ALTER TABLE member ADD COLUMN is_founder integer NOT NULL DEFAULT 0;

CREATE UNIQUE INDEX member_founder ON member (shop) WHERE is_founder = 1;

-- A forgotten password: a way to set another one, once. The shop is the one whose owner made it.
CREATE TABLE password_reset (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    shop text COLLATE "C" NOT NULL REFERENCES shop_head (shop),
    person uuid NOT NULL,
    made_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint
);

CREATE INDEX password_reset_person ON password_reset (person);
