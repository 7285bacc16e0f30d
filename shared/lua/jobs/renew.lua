-- renew: prolong the lease of an attempt that still runs.
--
-- KEYS  1 job HASH · 2 jobs:leases ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 attempt · 4 lease (ms)
-- Returns 'renewed' | 'cancel' (renewed, but the client asked to cancel) | 'lost'
--
--! include clock
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'cancel')
if job[1] ~= 'Started' or job[2] ~= ARGV[3] then
  return 'lost'
end
redis.call('ZADD', KEYS[2], whole(clock(ARGV[1]) + tonumber(ARGV[4])), ARGV[2])
return job[3] and 'cancel' or 'renewed'
