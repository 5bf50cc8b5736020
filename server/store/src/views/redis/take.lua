-- Takes rows in and moves the checkpoint, or does nothing at all. Redis runs a script as one step: 1 when it was taken.
-- Everything hangs on the view standing where the follower believes it does: nowhere, for 0.
--
-- KEYS[1] checkpoint, KEYS[2] names of orders, KEYS[3] and on: an order each
-- ARGV[1] epoch, ARGV[2] position before, ARGV[3] position after
-- ARGV[4] JSON, for each of the orders [order, [removed field, ...], [put field, quantity, ...]]
local stands = redis.call('HMGET', KEYS[1], 'epoch', 'position')
if (stands[1] or ARGV[1]) ~= ARGV[1] or (stands[2] or '0') ~= ARGV[2] then
  return 0
end
for number, order in ipairs(cjson.decode(ARGV[4])) do
  local key = KEYS[number + 2]
  for _, field in ipairs(order[2]) do
    redis.call('HDEL', key, field)
  end
  for at = 1, #order[3], 2 do
    redis.call('HSET', key, order[3][at], order[3][at + 1])
  end
  -- A hash without fields is none.
  redis.call(redis.call('EXISTS', key) == 1 and 'SADD' or 'SREM', KEYS[2], order[1])
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'position', ARGV[3])
return 1
