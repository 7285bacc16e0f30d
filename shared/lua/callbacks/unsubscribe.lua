-- unsubscribe: remove a subscription; an owner without any is no subscriber.
--
-- KEYS  1 callback:subscriptions HASH of the owner · 2 callback:subscribers SET
-- ARGV  1 owner · 2 id
-- Returns 1, or 0 when there was none
--
local subscriptions_key, subscribers_key = unpack(KEYS, 1, 2)
local owner, id = unpack(ARGV, 1, 2)

local removed = redis.call('HDEL', subscriptions_key, id)
if redis.call('EXISTS', subscriptions_key) == 0 then
  redis.call('SREM', subscribers_key, owner)
end
return removed
