-- renew: prolong the lease of an attempt that still runs.
--
-- KEYS  1 job HASH · 2 jobs:leases ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 attempt · 4 lease (ms)
-- Returns 'renewed' | 'cancel' (renewed, but the client asked to cancel) | 'lost'
--
--! include clock
local job_key, leases_key = unpack(KEYS, 1, 2)
local given_ms, id, attempt, lease_ms = unpack(ARGV, 1, 4)

local job = redis.call('HMGET', job_key, 'state', 'attempt', 'cancel')
if job[1] ~= 'Started' or job[2] ~= attempt then
  return 'lost'
end
redis.call('ZADD', leases_key, whole(clock(given_ms) + tonumber(lease_ms)), id)
return job[3] and 'cancel' or 'renewed'
