-- Goes up with all that may end somebody's way in, so that one question does for everybody who was let in. Nothing else
-- needs to be written with it, and none of the statements can forget it.
CREATE TABLE access_change (
    one integer PRIMARY KEY CHECK (one = 1),
    number bigint NOT NULL
);

INSERT INTO access_change (one, number) VALUES (1, 0);

CREATE FUNCTION count_access_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE access_change SET number = number + 1;
    RETURN NULL;
END
$$;

-- The first member of a shop ends its being open to everybody.
CREATE TRIGGER member_changed AFTER INSERT OR UPDATE ON member
    FOR EACH ROW EXECUTE FUNCTION count_access_change();
CREATE TRIGGER session_ended AFTER DELETE ON session
    FOR EACH ROW EXECUTE FUNCTION count_access_change();
CREATE TRIGGER device_revoked AFTER UPDATE OF revoked_at ON device
    FOR EACH ROW EXECUTE FUNCTION count_access_change();
CREATE TRIGGER token_revoked AFTER UPDATE OF revoked_at ON token
    FOR EACH ROW EXECUTE FUNCTION count_access_change();
