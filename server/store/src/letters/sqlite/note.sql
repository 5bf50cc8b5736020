-- An entry has one letter. $1 shop, $2 epoch, $3 position, $4 body
INSERT INTO letter (shop, epoch, position, body)
VALUES ($1, $2, $3, $4)
ON CONFLICT (shop, epoch, position) DO NOTHING
