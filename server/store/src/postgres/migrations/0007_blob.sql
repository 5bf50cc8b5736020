-- Pictures: what the log names by a hash, and does not hold.
CREATE TABLE blob (
    shop text COLLATE "C" NOT NULL REFERENCES shop_head (shop),
    name text COLLATE "C" NOT NULL,
    media_type text NOT NULL,
    width bigint NOT NULL,
    height bigint NOT NULL,
    size bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (shop, name)
);

-- Compressed already.
ALTER TABLE blob ALTER COLUMN bytes SET STORAGE EXTERNAL;
