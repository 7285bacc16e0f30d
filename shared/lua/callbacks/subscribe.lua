-- subscribe: add a subscription, unless its owner has the most already.
--
-- KEYS  1 callback:subscriptions HASH of the owner · 2 callback:subscribers SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 owner · 3 id · 4 most subscriptions
--       5 its events, '*' or names with commas between · 6 URL
-- Returns when it was made (ms); false when there are too many. The same to the same id.
--
--! include clock
local known = redis.call('HGET', KEYS[1], ARGV[3])
if known then
  return string.match(known, '^%S+ (%d+) ')
end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then
  return false
end
local now = whole(clock(ARGV[1]))
redis.call('SADD', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[1], ARGV[3], ARGV[5] .. ' ' .. now .. ' ' .. ARGV[6])
return now
