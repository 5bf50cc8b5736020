-- $1 shop, $2 words as a text search is asked for them, $3 how many
--
-- An order is found by what the account is found by that pays for it, as it is called now.
WITH found AS (
    SELECT kind, id, fields
    FROM search_view
    WHERE words @@ $2::tsquery AND shop = $1
)
SELECT kind, id FROM found
UNION
SELECT paid.kind, paid.id
FROM found AS account
    JOIN search_view AS paid ON paid.shop = $1 AND paid.kind = 'order' AND paid.fields ->> 'account' = account.fields ->> 'id'
WHERE account.kind = 'account'
ORDER BY kind, id
LIMIT $3
