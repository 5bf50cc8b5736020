-- The statement that makes a role, where there is none of this name. It gets no password: that is the operator's. $1 role
SELECT format('CREATE ROLE %I LOGIN', $1::text)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)
