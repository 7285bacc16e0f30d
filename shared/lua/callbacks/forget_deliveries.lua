-- forget_deliveries: take deliveries that are gone off their owner's lists.
--
-- KEYS  1 the owner's ZSET of deliveries (its others follow: includes/delivery_index.lua)
--       2 deliveries:owners SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 owner · 3 most ids · 4… the states
-- Returns how many went
--
--! include clock
local index_key, owners_key = unpack(KEYS, 1, 2)
local given_ms, owner, most = unpack(ARGV, 1, 3)
local FIRST_STATE = 4

local expiring = index_key .. '\31expiring'
local ids = redis.call('ZRANGEBYSCORE', expiring, '-inf', whole(clock(given_ms)), 'LIMIT', 0, most)
for _, id in ipairs(ids) do
  redis.call('ZREM', expiring, id)
  redis.call('ZREM', index_key, id)
  for i = FIRST_STATE, #ARGV do
    redis.call('ZREM', index_key .. '\31' .. ARGV[i], id)
  end
end
if redis.call('EXISTS', index_key) == 0 then
  redis.call('SREM', owners_key, owner)
end
return #ids
