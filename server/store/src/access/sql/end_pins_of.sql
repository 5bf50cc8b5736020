-- Of whoever the session is, on the browser that its devices are. $1 session
DELETE FROM pin
WHERE person = (SELECT person FROM session WHERE hash = $1)
    AND browser IN (
        SELECT device.browser FROM session_device
        JOIN device ON device.shop = session_device.shop AND device.id = session_device.device
        WHERE session_device.session = $1
    )
