-- An acknowledged append has reached the disk, whatever the cluster's default is; a stricter default stays. A writer
-- that waits for a lock for long gives up with nothing written.
SELECT set_config('synchronous_commit',
                  CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
                       ELSE current_setting('synchronous_commit') END, false),
       set_config('lock_timeout', '10s', false),
       set_config('statement_timeout', '60s', false)
