-- forget_deliveries: take deliveries that are gone off their owner's lists.
--
-- KEYS  1 the owner's ZSET of deliveries (its others follow: includes/delivery_index.lua)
--       2 deliveries:owners SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 owner · 3 most ids · 4… the states
-- Returns how many went
--
--! include clock
local expiring = KEYS[1] .. '\31expiring'
local ids = redis.call('ZRANGEBYSCORE', expiring, '-inf', whole(clock(ARGV[1])), 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do
  redis.call('ZREM', expiring, id)
  redis.call('ZREM', KEYS[1], id)
  for i = 4, #ARGV do
    redis.call('ZREM', KEYS[1] .. '\31' .. ARGV[i], id)
  end
end
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('SREM', KEYS[2], ARGV[2])
end
return #ids
