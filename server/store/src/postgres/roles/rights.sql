-- What the role of this session may do: whether there are tables, whether it could change the log, whether it may add to
-- it, whether it sees one shop at a time.
SELECT log.oid IS NOT NULL,
       coalesce(pg_has_role(log.relowner, 'USAGE') OR has_table_privilege(log.oid, 'UPDATE, DELETE, TRUNCATE'), true),
       coalesce(has_table_privilege(log.oid, 'INSERT'), true),
       coalesce(row_security_active(log.oid), false)
FROM (SELECT to_regclass('event')::oid AS oid) AS found
LEFT JOIN pg_class AS log ON log.oid = found.oid
