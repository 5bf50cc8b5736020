-- Once. $1 shop, $2 command, $3 how, $4 by whom, $5 now
UPDATE quarantine SET settled = $3, settled_by = $4, settled_at = $5
WHERE shop = $1 AND command_id = $2 AND settled IS NULL
