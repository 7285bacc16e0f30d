-- replay_delivery: let a delivery begin anew, at once: Pending, no tries, trigger replay.
--
-- KEYS  1 delivery HASH · 2 its log LIST · 3 job HASH · 4 jobs:ref STRING
--       5 deliveries:leases ZSET · 6 deliveries:delayed ZSET
--       7 callbacks LIST · 8 its line ZSET · 9 jobs:place STRING
--       10 prefix of endpoints · 11 prefix of hosts · 12 deliveries:parked SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id
-- Returns 'queued', 'in_flight' when an attempt runs, or 'unknown' when there is no delivery or
-- no job: nothing was changed
--
-- Its message goes to the back: who replays thousands does not delay what is new.
--
--! include clock
--! include push_message
--! include delivery_index
--! include delivery_life
--! include endpoint
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('EXISTS', KEYS[3]) == 0 then
  return 'unknown'
end
if redis.call('ZSCORE', KEYS[5], ARGV[2]) then
  return 'in_flight'
end
local now = whole(clock(ARGV[1]))
redis.call('HSET', KEYS[1], 'state', 'Pending', 'trigger', 'replay', 'tries', '0', 'reason', '',
  'due_ms', now, 'replayed_ms', now)
redis.call('HDEL', KEYS[1], 'ended_ms')
revive_delivery()
redis.call('ZREM', KEYS[6], ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'url', 'index')
leave_parked(endpoint_of(KEYS[10], KEYS[11], held[1], held[2]), ARGV[2], KEYS[12])
if not redis.call('ZSCORE', KEYS[8], ARGV[2]) then
  push_message(KEYS[7], KEYS[8], KEYS[9], 'callbacks', 0, 'workers.callbacks.run', ARGV[2], false)
end
return 'queued'
