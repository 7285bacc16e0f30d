-- unsubscribe: remove a subscription; an owner without any is no subscriber.
--
-- KEYS  1 callback:subscriptions HASH of the owner · 2 callback:subscribers SET
-- ARGV  1 owner · 2 id
-- Returns 1, or 0 when there was none
--
local removed = redis.call('HDEL', KEYS[1], ARGV[2])
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('SREM', KEYS[2], ARGV[1])
end
return removed
