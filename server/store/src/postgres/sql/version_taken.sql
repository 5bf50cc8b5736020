-- The first event of a refused append whose version exists. $1 shop, $2 aggregates, $3 versions
SELECT event.aggregate, event.version
FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS given (aggregate, version, place)
JOIN event ON event.shop = $1 AND event.aggregate = given.aggregate AND event.version = given.version
ORDER BY given.place
LIMIT 1
