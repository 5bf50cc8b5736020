-- Whether an id was queued or decided for another command. $1 shop, $2 command, $3 fingerprint
SELECT EXISTS (SELECT 1 FROM command_queue WHERE shop = $1 AND command_id = $2 AND fingerprint <> $3)
    OR EXISTS (SELECT 1 FROM verdict WHERE shop = $1 AND command_id = $2 AND fingerprint <> $3)
