-- Forgets a shop.
--
-- KEYS[1] checkpoint, KEYS[2] names of orders, ARGV[1] what an order's key begins with
for _, order in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  redis.call('DEL', ARGV[1] .. order)
end
redis.call('DEL', KEYS[1], KEYS[2])
