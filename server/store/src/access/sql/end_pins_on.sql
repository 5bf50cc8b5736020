-- Of everybody, on the browser that a device is. $1 shop, $2 device
DELETE FROM pin
WHERE browser = (SELECT browser FROM device WHERE shop = $1 AND id = $2)
