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
local wakes_key, endpoints_prefix, hosts_prefix, leases_key, parked_key, list_key, line_key,
  places_key =
  unpack(KEYS, 1, 8)
local given_ms, name, most_at_endpoint, most_at_host, failures, rest_ms = unpack(ARGV, 1, 6)

local now = clock(given_ms)
local due = redis.call('ZSCORE', wakes_key, name)
if not due or tonumber(due) > now then
  return 0
end
redis.call('ZREM', wakes_key, name)
local limits = limits_of(most_at_endpoint, most_at_host, failures, rest_ms)
local at = {wakes = wakes_key, endpoints = endpoints_prefix, hosts = hosts_prefix, leases = leases_key,
  parked = parked_key, list = list_key, line = line_key, places = places_key}
if not string.find(name, '\31', 1, true) then
  local host = host_of(hosts_prefix, name)
  return (let_go(host, free_at(host, now, limits, leases_key), at, now, limits, false))
end
local endpoint = endpoint_named(endpoints_prefix, hosts_prefix, name)
if redis.call('EXISTS', endpoint.parked) == 0 then
  return 0
end
local known = room_at(endpoint, now, limits)
if known.rest then
  redis.call('ZADD', wakes_key, whole(known.rest), endpoint.name)
  return 0
end
stand_in_turn(endpoint, known.class, at.places)
return (let_go(endpoint.host, known.most, at, now, limits, false))
