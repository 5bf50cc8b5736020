-- Statements that take everything from a role, and let it see that there are tables. $1 role
SELECT statement
FROM unnest(ARRAY[
    format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), $1::text),
    format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %I', current_schema(), $1),
    format('REVOKE ALL ON SCHEMA %I FROM %I', current_schema(), $1),
    -- Databases that were made before PostgreSQL 15 let everybody make tables here.
    format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema()),
    format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), $1)
]) AS statement
