-- claim_delivery: take a Pending delivery for one attempt, with a lease; or park it while its
-- endpoint or its host has no room.
--
-- KEYS  1 delivery HASH · 2 deliveries:leases ZSET · 3 deliveries:delayed ZSET
--       4 its line ZSET · 5 its missing ZSET · 6 prefix of endpoints · 7 prefix of hosts
--       8 endpoints:wakes ZSET · 9 deliveries:parked SET · 10 jobs:place STRING
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 lease (ms) · 4 token of this call
--       5 most attempts at one endpoint · 6 at one host · 7 failures in a row before a rest
--       8 the rest (ms) · 9 whether the caller has a slot for one that is not proven (0 or 1)
--       10 … owners (their lists of deliveries) for whom it has none
-- Returns false when stale, 'parked', or {now, attempt, tries, url, trigger, due_ms, proven, its
-- owner's list, attempts at deliveries of earlier results}; the same to the same token
--
--! include clock
--! include endpoint
--! include room_at
--! include park
local delivery_key, leases_key, delayed_key, line_key, missing_key, endpoints_prefix, hosts_prefix,
  wakes_key, parked_key, places_key =
  unpack(KEYS, 1, 10)
local given_ms, id, lease_ms, token, most_at_endpoint, most_at_host, failures, rest_ms,
  has_any_slot =
  unpack(ARGV, 1, 9)
local FIRST_FULL_OWNER = 10

local FLIGHT_KEPT_MS = 86400000

local function has_slot(owner)
  for i = FIRST_FULL_OWNER, #ARGV do
    if ARGV[i] == owner then
      return false
    end
  end
  return has_any_slot == '1'
end

local now = clock(given_ms)
-- Done last: were the script to fail before, the tick would find that the message is gone.
local function leave_line()
  redis.call('ZREM', line_key, id)
  redis.call('ZREM', missing_key, id)
end

local lease = redis.call('ZSCORE', leases_key, id)
local held = redis.call('HMGET', delivery_key, 'state', 'claimed_by', 'url', 'due_ms', 'index')
local endpoint = endpoint_of(endpoints_prefix, hosts_prefix, held[3], held[5])
if not (lease and held[2] == token) then
  if held[1] ~= 'Pending' or lease or redis.call('ZSCORE', delayed_key, id) then
    leave_line()
    return false
  end
  local limits = limits_of(most_at_endpoint, most_at_host, failures, rest_ms)
  local known = room_at(endpoint, now, limits)
  local way, until_ms = find_room(endpoint, known, leases_key)
  if not way and known.class ~= 'p' and not has_slot(held[5]) then
    way = 'endpoint'
  end
  if way then
    local at = {wakes = wakes_key, parked = parked_key, places = places_key}
    park(endpoint, known, way, until_ms, id, held[4] or whole(now), at, now)
    leave_line()
    return 'parked'
  end
  leave_parked(endpoint, id, parked_key)
  redis.call('HSET', endpoint.host.flight, id, known.class .. endpoint.name)
  redis.call('PEXPIRE', endpoint.host.flight, FLIGHT_KEPT_MS)
  -- The lease first: were the script to fail behind it, the delivery would be due again.
  redis.call('ZADD', leases_key, whole(now + tonumber(lease_ms)), id)
  redis.call('HINCRBY', delivery_key, 'attempt', 1)
  redis.call('HSET', delivery_key, 'claimed_by', token)
end
leave_line()
local delivery = redis.call('HMGET', delivery_key, 'attempt', 'tries', 'url', 'trigger', 'due_ms',
  'attempts_before')
-- Deliveries made by an older version have neither a trigger nor, at first, a due time.
return {whole(now), delivery[1], delivery[2], delivery[3], delivery[4] or 'schedule',
  delivery[5] or '0', redis.call('HGET', endpoint.key, 'proven') or '0', held[5] or '',
  delivery[6] or '0'}
