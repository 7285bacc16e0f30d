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
--! include delivery_keys
--! include delivery_life
--! include endpoint
local leases_key, delayed_key, list_key, line_key, places_key, endpoints_prefix, hosts_prefix,
  parked_key =
  unpack(KEYS, 5, 12)
local given_ms, id = unpack(ARGV, 1, 2)

if redis.call('EXISTS', delivery_key) == 0 or redis.call('EXISTS', job_key) == 0 then
  return 'unknown'
end
if redis.call('ZSCORE', leases_key, id) then
  return 'in_flight'
end
local now = whole(clock(given_ms))
redis.call('HSET', delivery_key, 'state', 'Pending', 'trigger', 'replay', 'tries', '0', 'reason', '',
  'due_ms', now, 'replayed_ms', now)
redis.call('HDEL', delivery_key, 'ended_ms')
revive_delivery()
redis.call('ZREM', delayed_key, id)
local held = redis.call('HMGET', delivery_key, 'url', 'index')
leave_parked(endpoint_of(endpoints_prefix, hosts_prefix, held[1], held[2]), id, parked_key)
if not redis.call('ZSCORE', line_key, id) then
  push_message(list_key, line_key, places_key, 'callbacks', 0, 'workers.callbacks.run', id, false)
end
return 'queued'
