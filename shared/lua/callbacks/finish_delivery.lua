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
--! include delivery_life
--! include push_message
--! include epoch
--! include create_delivery
--! include endpoint
--! include room_at
--! include note_outcome
--! include park
--! include let_go
local now = clock(ARGV[1])
local delivery = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'reason', 'url', 'index')
local cancelled = delivery[1] == 'Cancelled'
if (delivery[1] ~= 'Pending' and not cancelled) or delivery[2] ~= ARGV[3]
  or not redis.call('ZSCORE', KEYS[5], ARGV[2]) then
  return {0, false}
end
redis.call('ZREM', KEYS[5], ARGV[2])
local endpoint, limits = endpoint_of(KEYS[7], KEYS[18], delivery[4], delivery[5]), limits_of(ARGV, 11)
local host, _, following = endpoint.host, nil, nil
redis.call('HDEL', host.flight, ARGV[2])
local more = note_outcome(endpoint, ARGV[10], now, limits)
local at = {endpoints = KEYS[7], wakes = KEYS[8], hosts = KEYS[18], leases = KEYS[5],
  parked = KEYS[19], list = KEYS[9], line = KEYS[10], places = KEYS[11]}
if redis.call('EXISTS', endpoint.parked) == 1 then
  local known = room_at(endpoint, now, limits)
  wait_with(endpoint, known, known.rest and 'endpoint', known.rest, at, now)
end
if redis.call('EXISTS', host.turns) == 1 then
  -- One for the one that ended: those let go before may not have been claimed yet.
  _, following = let_go(host, 1 + more, at, now, limits, ARGV[15] == '1')
end
redis.call('RPUSH', KEYS[2], ARGV[4])
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[9]), -1)
redis.call('HINCRBY', KEYS[1], 'tries', 1)
if cancelled and ARGV[5] ~= 'Delivered' then
  end_delivery(now, 'Cancelled', delivery[3], ARGV[8])
elseif ARGV[5] == 'Pending' then
  local due = whole(now + tonumber(ARGV[7]))
  redis.call('HSET', KEYS[1], 'state', 'Pending', 'reason', ARGV[6], 'due_ms', due)
  redis.call('ZADD', KEYS[6], due, ARGV[2])
else
  end_delivery(now, ARGV[5], ARGV[6], ARGV[8])
  if ARGV[17] ~= '' then
    local events = {owner = ARGV[16], index = KEYS[16], owners = KEYS[17], list = KEYS[9],
      line = KEYS[10], places = KEYS[11], subscriptions = KEYS[12], ids = KEYS[13],
      jobs = KEYS[14], deliveries = KEYS[15], job = KEYS[3]}
    create_events(events, 'callback.exhausted', ARGV[17], whole(now))
  end
end
return {1, following or false}
