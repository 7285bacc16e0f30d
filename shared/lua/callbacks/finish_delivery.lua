-- finish_delivery: record one attempt and what follows: an end, or another one later.
--
-- KEYS  1 delivery HASH · 2 its log LIST · 3 job HASH · 4 jobs:ref STRING
--       5 deliveries:leases ZSET · 6 deliveries:delayed ZSET
--       7 prefix of endpoints · 8 endpoints:wakes ZSET
--       9 callbacks LIST · 10 its line ZSET · 11 jobs:place STRING
--       12 the owner's subscriptions HASH · 13 jobs:id STRING · 14 prefix of jobs
--       15 prefix of deliveries · 16 the owner's ZSET of deliveries · 17 deliveries:owners SET
--       18 prefix of hosts · 19 deliveries:parked SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 attempt · 4 row of the log (JSON)
--       5 state: Pending | Delivered | Stopped | Exhausted · 6 reason · 7 delay when Pending (ms)
--       8 how long an ended job lives (ms) · 9 most rows of the log
--       10 what it says of the receiver: answered | failed | timed_out | unreached | none
--       11 most attempts at one endpoint · 12 at one host · 13 failures in a row before a rest
--       14 the rest (ms) · 15 whether the caller takes the next delivery to this host itself (0 or 1)
--       16 owner · 17 the event that its subscriptions are told if it is Exhausted ('' for none)
-- Returns {1, id of the next delivery, which is the caller's to claim, or false}, or {0, false} when
-- another attempt has the delivery
--
--! include clock
--! include delivery_index
--! include delivery_keys
--! include delivery_life
--! include push_message
--! include epoch
--! include create_delivery
--! include endpoint
--! include room_at
--! include note_outcome
--! include park
--! include let_go
local leases_key, delayed_key, endpoints_prefix, wakes_key, list_key, line_key, places_key,
  subscriptions_key, ids_key, jobs_prefix, deliveries_prefix, index_key, owners_key, hosts_prefix,
  parked_key =
  unpack(KEYS, 5, 19)
local given_ms, id, attempt, row, state, reason, delay_ms, ttl_ms, most_rows, outcome,
  most_at_endpoint, most_at_host, failures, rest_ms, takes_next, owner, exhausted_event =
  unpack(ARGV, 1, 17)

local now = clock(given_ms)
local delivery = redis.call('HMGET', delivery_key, 'state', 'attempt', 'reason', 'url', 'index')
local cancelled = delivery[1] == 'Cancelled'
if (delivery[1] ~= 'Pending' and not cancelled) or delivery[2] ~= attempt
  or not redis.call('ZSCORE', leases_key, id) then
  return {0, false}
end
local endpoint = endpoint_of(endpoints_prefix, hosts_prefix, delivery[4], delivery[5])
local limits = limits_of(most_at_endpoint, most_at_host, failures, rest_ms)
local host, _, following = endpoint.host, nil, nil
redis.call('HDEL', host.flight, id)
local more = note_outcome(endpoint, outcome, now, limits)
local at = {endpoints = endpoints_prefix, wakes = wakes_key, hosts = hosts_prefix, leases = leases_key,
  parked = parked_key, list = list_key, line = line_key, places = places_key}
if redis.call('EXISTS', endpoint.parked) == 1 then
  local known = room_at(endpoint, now, limits)
  wait_with(endpoint, known, known.rest and 'endpoint', known.rest, at, now)
end
if redis.call('EXISTS', host.turns) == 1 then
  -- One for the one that ended: those let go before may not have been claimed yet.
  _, following = let_go(host, 1 + more, at, now, limits, takes_next == '1')
end
redis.call('RPUSH', log_key, row)
redis.call('LTRIM', log_key, -tonumber(most_rows), -1)
redis.call('HINCRBY', delivery_key, 'tries', 1)
if cancelled and state ~= 'Delivered' then
  end_delivery(now, 'Cancelled', delivery[3], ttl_ms)
elseif state == 'Pending' then
  local due = whole(now + tonumber(delay_ms))
  redis.call('HSET', delivery_key, 'state', 'Pending', 'reason', reason, 'due_ms', due)
  redis.call('ZADD', delayed_key, due, id)
else
  end_delivery(now, state, reason, ttl_ms)
  if exhausted_event ~= '' then
    local events = {owner = owner, index = index_key, owners = owners_key, list = list_key,
      line = line_key, places = places_key, subscriptions = subscriptions_key, ids = ids_key,
      jobs = jobs_prefix, deliveries = deliveries_prefix, job = job_key}
    create_events(events, 'callback.exhausted', exhausted_event, whole(now))
  end
end
-- Last: were the script to fail before, the lease would run out, and the delivery be due again.
redis.call('ZREM', leases_key, id)
return {1, following or false}
