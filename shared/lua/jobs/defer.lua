-- defer: Started by this attempt → Queued, due later (a transient failure, attempts left).
--
-- KEYS  1-7 as in includes/finish.lua
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 attempt · 4 delay (ms)
--       5… more field, value pairs
-- Returns 'deferred' | 'cancel' (the client asked to cancel: execute it as that) | 'refused'
--
--! include clock
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'cancel')
if job[2] == ARGV[3] and job[1] == 'Queued' then
  return 'deferred'
end
if job[1] ~= 'Started' or job[2] ~= ARGV[3] then
  return 'refused'
end
if job[3] then
  return 'cancel'
end
redis.call('HSET', KEYS[1], 'state', 'Queued', unpack(ARGV, 5))
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[4], whole(clock(ARGV[1]) + tonumber(ARGV[4])), ARGV[2])
return 'deferred'
