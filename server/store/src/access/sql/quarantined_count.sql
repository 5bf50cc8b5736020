-- $1 shop
SELECT count(*) FROM quarantine
WHERE shop = $1 AND settled IS NULL
