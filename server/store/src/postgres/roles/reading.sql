-- Statements that let a role read, and write nowhere. It sees the hashes of secrets, by which those who read are let in.
-- $1 role
SELECT format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), $1::text)
