-- Which browser a device is, by the hash of the secret that the browser keeps, as for PINs: so that the device's end is the
-- end of the PINs there, and another browser that has chosen the same code can be told so. The first that is known.
ALTER TABLE device ADD COLUMN browser BLOB CHECK (length(browser) = 32);

CREATE INDEX device_browser ON device (browser);
