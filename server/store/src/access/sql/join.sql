-- By an invite. A member stays what they are, and somebody who left comes back by an invite that was made since.
-- $1 shop, $2 person, $3 role, $4 now, $5 when the invite was made
INSERT INTO member (shop, person, role, since)
VALUES ($1, $2, $3, $4)
ON CONFLICT (shop, person)
    DO UPDATE SET role = excluded.role, since = excluded.since, ended_at = NULL
    WHERE member.ended_at <= $5
