-- The first event of a refused append whose version exists already, before it in the log: its own rows may have been
-- written in this transaction. $1 shop, $2 JSON: a list of [aggregate, version], $3 the append's first position
SELECT event.aggregate, event.version, event.position
FROM json_each($2) AS given
JOIN event ON event.shop = $1 AND event.aggregate = given.value ->> 0 AND event.version = given.value ->> 1
WHERE event.position < $3
ORDER BY given.key
LIMIT 1
