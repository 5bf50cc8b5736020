-- The first word counts. $1 shop, $2 command, $3 person, $4 role, $5 device, $6 submission, $7 issued at, $8 received at
INSERT INTO quarantine (shop, command_id, person, role, device, submission, issued_at, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (shop, command_id) DO NOTHING
