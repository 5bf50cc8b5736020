-- In place of the one that they had there. $1 browser, $2 person, $3 hash, $4 set at, $5 ends at
INSERT INTO pin (browser, person, hash, wrong, set_at, ends_at)
VALUES ($1, $2, $3, 0, $4, $5)
ON CONFLICT (browser, person)
    DO UPDATE SET hash = excluded.hash, wrong = 0, set_at = excluded.set_at, ends_at = excluded.ends_at
