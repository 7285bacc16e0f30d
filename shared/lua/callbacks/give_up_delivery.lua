-- give_up_delivery: end a delivery that has been Pending for too long, wherever it waits.
--
-- KEYS  1 delivery HASH · 2 its log LIST · 3 job HASH · 4 jobs:ref STRING
--       5 deliveries:leases ZSET · 6 deliveries:delayed ZSET
--       7 callbacks LIST · 8 its line ZSET · 9 its missing ZSET · 10 jobs:place STRING
--       11 prefix of endpoints · 12 the owner's subscriptions HASH · 13 jobs:id STRING
--       14 prefix of jobs · 15 prefix of deliveries · 16 the owner's ZSET of deliveries
--       17 deliveries:owners SET · 18 prefix of hosts · 19 deliveries:parked SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 how long it may be Pending (ms)
--       4 state: Exhausted · 5 reason · 6 how long an ended job lives (ms) · 7 owner
--       8 the event that the owner's subscriptions are told ('' for none)
-- Returns 1, or 0 when it is over, an attempt runs, or it was replayed meanwhile
--
--! include clock
--! include delivery_index
--! include delivery_keys
--! include delivery_life
--! include push_message
--! include epoch
--! include create_delivery
--! include endpoint
local leases_key, delayed_key, list_key, line_key, missing_key, places_key, endpoints_prefix,
  subscriptions_key, ids_key, jobs_prefix, deliveries_prefix, index_key, owners_key, hosts_prefix,
  parked_key =
  unpack(KEYS, 5, 19)
local given_ms, id, life_ms, state, reason, ttl_ms, owner, exhausted_event = unpack(ARGV, 1, 8)

local now = clock(given_ms)
local held = redis.call('HMGET', delivery_key, 'state', 'created_ms', 'replayed_ms', 'url', 'index')
local began = math.max(tonumber(held[2] or 0), tonumber(held[3] or 0))
if held[1] ~= 'Pending' or began > now - tonumber(life_ms)
  or redis.call('ZSCORE', leases_key, id) then
  return 0
end
for _, key in ipairs({delayed_key, line_key, missing_key}) do
  redis.call('ZREM', key, id)
end
leave_parked(endpoint_of(endpoints_prefix, hosts_prefix, held[4], held[5]), id, parked_key)
end_delivery(now, state, reason, ttl_ms)
if exhausted_event ~= '' then
  local at = {owner = owner, index = index_key, owners = owners_key, list = list_key,
    line = line_key, places = places_key, subscriptions = subscriptions_key, ids = ids_key,
    jobs = jobs_prefix, deliveries = deliveries_prefix, job = job_key}
  create_events(at, 'callback.exhausted', exhausted_event, whole(now))
end
return 1
