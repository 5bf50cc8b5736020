-- Of each shop the one that was enrolled last; what the session is used on already stays. $1 browser, $2 session
INSERT INTO session_device (session, shop, device)
SELECT $2, shop, id FROM device AS one
WHERE browser = $1
    AND NOT EXISTS (
        SELECT 1 FROM device AS other
        WHERE other.browser = one.browser
            AND other.shop = one.shop
            AND (other.enrolled_at, other.id) > (one.enrolled_at, one.id)
    )
ON CONFLICT (session, shop) DO NOTHING
