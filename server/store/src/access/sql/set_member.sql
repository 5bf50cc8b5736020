-- Also somebody who had left, and a member whose role changes. $1 shop, $2 person, $3 role, $4 since, $5 ended at
INSERT INTO member (shop, person, role, since, ended_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (shop, person)
    DO UPDATE SET role = excluded.role, since = excluded.since, ended_at = excluded.ended_at
