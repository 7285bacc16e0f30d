-- defer: Started by this attempt → Queued, due later (a transient failure, attempts left).
--
-- KEYS  1-7 as in includes/move_keys.lua
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 attempt · 4 delay (ms)
--       5… more field, value pairs
-- Returns 'deferred' | 'cancel' (the client asked to cancel: execute it as that) | 'refused'
--
--! include clock
--! include flows
--! include move_keys
local given_ms, id, attempt, delay_ms = unpack(ARGV, 1, 4)
local FIRST_FIELD = 5

local job = redis.call('HMGET', job_key, 'state', 'attempt', 'cancel', 'owner', 'flow', 'flow_place')
if job[2] == attempt and job[1] == 'Queued' then
  return 'deferred'
end
if job[1] ~= 'Started' or job[2] ~= attempt then
  return 'refused'
end
if job[3] then
  return 'cancel'
end
local now = clock(given_ms)
-- In this order, so that one of them finds it were the script to fail between them.
redis.call('ZADD', delayed_key, whole(now + tonumber(delay_ms)), id)
redis.call('HSET', job_key, 'state', 'Queued', unpack(ARGV, FIRST_FIELD))
redis.call('ZREM', leases_key, id)
if job[5] then
  flow_of(deadlines_key, job[4], job[5], now).leave(job[6], id)
end
return 'deferred'
