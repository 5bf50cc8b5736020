-- Of the devices that a session is used on, those whose browser nobody knew. $1 session, $2 browser
UPDATE device SET browser = $2
WHERE browser IS NULL
    AND EXISTS (
        SELECT 1 FROM session_device
        WHERE session = $1 AND session_device.shop = device.shop AND session_device.device = device.id
    )
