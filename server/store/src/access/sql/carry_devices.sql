-- $1 from which session, $2 to which
INSERT INTO session_device (session, shop, device)
SELECT $2, shop, device FROM session_device
WHERE session = $1
ON CONFLICT (session, shop) DO NOTHING
