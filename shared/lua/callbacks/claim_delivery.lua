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
-- owner's list}; the same to the same token
--
--! include clock
--! include endpoint
--! include room_at
--! include park
local FLIGHT_KEPT_MS = 86400000

local function has_slot(owner)
  for i = 10, #ARGV do
    if ARGV[i] == owner then
      return false
    end
  end
  return ARGV[9] == '1'
end

local now = clock(ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[2])
redis.call('ZREM', KEYS[5], ARGV[2])
local lease = redis.call('ZSCORE', KEYS[2], ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'state', 'claimed_by', 'url', 'due_ms', 'index')
local endpoint = endpoint_of(KEYS[6], KEYS[7], held[3], held[5])
if not (lease and held[2] == ARGV[4]) then
  if held[1] ~= 'Pending' or lease or redis.call('ZSCORE', KEYS[3], ARGV[2]) then
    return false
  end
  local known = room_at(endpoint, now, limits_of(ARGV, 5))
  local way, until_ms = find_room(endpoint, known, KEYS[2])
  if not way and known.class ~= 'p' and not has_slot(held[5]) then
    way = 'endpoint'
  end
  if way then
    local at = {wakes = KEYS[8], parked = KEYS[9], places = KEYS[10]}
    park(endpoint, known, way, until_ms, ARGV[2], held[4] or whole(now), at, now)
    return 'parked'
  end
  leave_parked(endpoint, ARGV[2], KEYS[9])
  redis.call('HSET', endpoint.host.flight, ARGV[2], known.class .. endpoint.name)
  redis.call('PEXPIRE', endpoint.host.flight, FLIGHT_KEPT_MS)
  redis.call('HINCRBY', KEYS[1], 'attempt', 1)
  redis.call('HSET', KEYS[1], 'claimed_by', ARGV[4])
  redis.call('ZADD', KEYS[2], whole(now + tonumber(ARGV[3])), ARGV[2])
end
local delivery = redis.call('HMGET', KEYS[1], 'attempt', 'tries', 'url', 'trigger', 'due_ms')
-- Deliveries made by an older version have neither a trigger nor, at first, a due time.
return {whole(now), delivery[1], delivery[2], delivery[3], delivery[4] or 'schedule',
  delivery[5] or '0', redis.call('HGET', endpoint.key, 'proven') or '0', held[5] or ''}
