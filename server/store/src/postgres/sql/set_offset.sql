-- $1 group, $2 arrival
INSERT INTO command_offset (name, arrival)
VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET arrival = excluded.arrival
