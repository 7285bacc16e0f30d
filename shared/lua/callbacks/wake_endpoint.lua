-- wake_endpoint: let deliveries go that wait at an endpoint or a host, as many as there is room for:
-- a rest is over, or the attempt that should have let them go died.
--
-- KEYS  1 endpoints:wakes ZSET · 2 prefix of endpoints · 3 prefix of hosts
--       4 deliveries:leases ZSET · 5 deliveries:parked SET
--       6 callbacks LIST · 7 its line ZSET · 8 jobs:place STRING
-- ARGV  1 now (ms, 0: the server's clock) · 2 name of an endpoint or a host
--       3 most attempts at one endpoint · 4 at one host · 5 failures in a row before a rest
--       6 the rest (ms)
-- Returns how many went
--
--! include clock
--! include push_message
--! include endpoint
--! include room_at
--! include park
--! include let_go
local now = clock(ARGV[1])
local due = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not due or tonumber(due) > now then
  return 0
end
redis.call('ZREM', KEYS[1], ARGV[2])
local limits = limits_of(ARGV, 3)
local at = {wakes = KEYS[1], endpoints = KEYS[2], hosts = KEYS[3], leases = KEYS[4],
  parked = KEYS[5], list = KEYS[6], line = KEYS[7], places = KEYS[8]}
if not string.find(ARGV[2], '\31', 1, true) then
  local host = host_of(KEYS[3], ARGV[2])
  return (let_go(host, free_at(host, now, limits, KEYS[4]), at, now, limits, false))
end
local endpoint = endpoint_named(KEYS[2], KEYS[3], ARGV[2])
if redis.call('EXISTS', endpoint.parked) == 0 then
  return 0
end
local known = room_at(endpoint, now, limits)
if known.rest then
  redis.call('ZADD', KEYS[1], whole(known.rest), endpoint.name)
  return 0
end
stand_in_turn(endpoint, known.class, at.places)
return (let_go(endpoint.host, known.most, at, now, limits, false))
