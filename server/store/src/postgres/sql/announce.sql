-- $1 hints
SELECT pg_notify('daybook', hint)
FROM unnest($1::text[]) AS hint
