-- Those who have left too: a shop that asked once goes on asking. $1 shop
SELECT EXISTS (SELECT 1 FROM member WHERE shop = $1)
