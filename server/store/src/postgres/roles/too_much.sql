-- Whether a role can do more to the log than it should, by whatever it is besides: a superuser, the owner, a member of
-- either. $1 role, $2 whether it may add to the log
SELECT role.rolsuper
    OR role.rolbypassrls
    OR pg_has_role(role.oid, log.relowner, 'MEMBER')
    OR has_table_privilege(role.oid, log.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
    OR (has_table_privilege(role.oid, log.oid, 'INSERT') AND NOT $2::boolean)
FROM pg_roles AS role, pg_class AS log
WHERE role.rolname = $1 AND log.oid = to_regclass('event')
