-- Every row, as order, field and quantity. The orders are of one shop, and so in one slot of a cluster with their names.
--
-- KEYS[1] names of orders, ARGV[1] what an order's key begins with
local rows = {}
for _, order in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local fields = redis.call('HGETALL', ARGV[1] .. order)
  for at = 1, #fields, 2 do
    rows[#rows + 1] = order
    rows[#rows + 1] = fields[at]
    rows[#rows + 1] = fields[at + 1]
  end
end
return rows
