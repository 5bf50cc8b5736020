-- $1 session, $2 shop, $3 device
INSERT INTO session_device (session, shop, device)
VALUES ($1, $2, $3)
ON CONFLICT (session, shop) DO UPDATE SET device = excluded.device
