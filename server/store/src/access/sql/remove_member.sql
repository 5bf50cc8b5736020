-- The last owner stays. $1 shop, $2 person, $3 now
UPDATE member SET ended_at = $3
WHERE shop = $1 AND person = $2 AND ended_at IS NULL
    AND (
        role <> 'owner'
        OR EXISTS (
            SELECT 1 FROM member AS other
            WHERE other.shop = $1 AND other.person <> $2 AND other.role = 'owner' AND other.ended_at IS NULL
        )
    )
