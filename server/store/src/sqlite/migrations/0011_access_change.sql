-- Goes up with all that may end somebody's way in, so that one question does for everybody who was let in. Nothing else
-- needs to be written with it, and none of the statements can forget it.
CREATE TABLE access_change (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
) STRICT;

INSERT INTO access_change (one, number) VALUES (1, 0);

-- The first member of a shop ends its being open to everybody.
CREATE TRIGGER member_is_new AFTER INSERT ON member
BEGIN UPDATE access_change SET number = number + 1; END;

CREATE TRIGGER member_changed AFTER UPDATE ON member
BEGIN UPDATE access_change SET number = number + 1; END;

CREATE TRIGGER session_ended AFTER DELETE ON session
BEGIN UPDATE access_change SET number = number + 1; END;

CREATE TRIGGER device_revoked AFTER UPDATE OF revoked_at ON device
BEGIN UPDATE access_change SET number = number + 1; END;

CREATE TRIGGER token_revoked AFTER UPDATE OF revoked_at ON token
BEGIN UPDATE access_change SET number = number + 1; END;
