-- Also one that somebody has claimed: it may be given back. $1 shop, $2 now
UPDATE invite SET expires_at = $2
WHERE shop = $1 AND role = 'owner' AND expires_at > $2
