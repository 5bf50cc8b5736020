-- $1 shop
SELECT shop, command_id, person, role, device, submission, issued_at, received_at FROM quarantine
WHERE shop = $1 AND settled IS NULL
ORDER BY issued_at, command_id
