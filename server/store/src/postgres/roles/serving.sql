-- Statements that let a role serve: it adds to the log and never changes it, and keeps what stands beside it. $1 role
SELECT format('GRANT %s ON %I.%I TO %I', privileges, current_schema(), name, $1::text)
FROM (VALUES
    -- The log, its verdicts, the pictures that it names: never changed, never removed.
    ('event', 'SELECT, INSERT'),
    ('verdict', 'SELECT, INSERT'),
    ('blob', 'SELECT, INSERT'),
    ('log', 'SELECT'),
    -- Where each log stands.
    ('shop_head', 'SELECT, INSERT, UPDATE'),
    ('checkpoint', 'SELECT, INSERT, UPDATE'),
    ('snapshot', 'SELECT, INSERT, UPDATE, DELETE'),
    -- What is worked off.
    ('command_queue', 'SELECT, INSERT, UPDATE, DELETE'),
    ('command_partition', 'SELECT, INSERT, UPDATE, DELETE'),
    ('command_offset', 'SELECT, INSERT, UPDATE'),
    ('letter', 'SELECT, INSERT, UPDATE'),
    -- What can be made again.
    ('view_checkpoint', 'SELECT, INSERT, UPDATE, DELETE'),
    ('allocations_view', 'SELECT, INSERT, UPDATE, DELETE'),
    ('view_batch', 'SELECT, INSERT, UPDATE, DELETE'),
    ('view_allocation', 'SELECT, INSERT, UPDATE, DELETE'),
    ('search_view', 'SELECT, INSERT, UPDATE, DELETE'),
    ('release', 'SELECT, INSERT, UPDATE, DELETE'),
    ('release_file', 'SELECT, INSERT, UPDATE, DELETE'),
    -- Who may come in: rows of a shop are never removed, sessions and PINs are.
    ('person', 'SELECT, INSERT, UPDATE'),
    ('member', 'SELECT, INSERT, UPDATE'),
    ('session', 'SELECT, INSERT, UPDATE, DELETE'),
    ('pin', 'SELECT, INSERT, UPDATE, DELETE'),
    ('invite', 'SELECT, INSERT, UPDATE'),
    ('password_reset', 'SELECT, INSERT, UPDATE'),
    ('device', 'SELECT, INSERT, UPDATE'),
    ('session_device', 'SELECT, INSERT, UPDATE'),
    ('quarantine', 'SELECT, INSERT, UPDATE'),
    ('token', 'SELECT, INSERT, UPDATE'),
    ('access_change', 'SELECT, UPDATE'),
    ('_sqlx_migrations', 'SELECT')
) AS granted (name, privileges)
