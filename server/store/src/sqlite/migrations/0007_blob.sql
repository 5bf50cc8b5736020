-- Pictures: what the log names by a hash, and does not hold.
CREATE TABLE blob (
    shop TEXT NOT NULL REFERENCES shop_head (shop),
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    size INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (shop, name)
) STRICT;
