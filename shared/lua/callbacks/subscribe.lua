-- subscribe: add a subscription, unless its owner has the most already.
--
-- KEYS  1 callback:subscriptions HASH of the owner · 2 callback:subscribers SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 owner · 3 id · 4 most subscriptions
--       5 its events, '*' or names with commas between · 6 URL
-- Returns when it was made (ms); false when there are too many. The same to the same id.
--
--! include clock
local subscriptions_key, subscribers_key = unpack(KEYS, 1, 2)
local given_ms, owner, id, most, events, url = unpack(ARGV, 1, 6)

local known = redis.call('HGET', subscriptions_key, id)
if known then
  return string.match(known, '^%S+ (%d+) ')
end
if redis.call('HLEN', subscriptions_key) >= tonumber(most) then
  return false
end
local now = whole(clock(given_ms))
redis.call('SADD', subscribers_key, owner)
redis.call('HSET', subscriptions_key, id, events .. ' ' .. now .. ' ' .. url)
return now
