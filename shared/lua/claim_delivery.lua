-- claim_delivery: take a Pending delivery for one attempt, with a lease; or park it while its
-- receiver has no room.
--
-- KEYS  1 delivery HASH · 2 deliveries:leases ZSET · 3 deliveries:delayed ZSET
--       4 its line ZSET · 5 its missing ZSET · 6 prefix of receivers · 7 receivers:wakes ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 lease (ms) · 4 token of this call
--       5 most attempts at one receiver · 6 failures in a row before a rest · 7 the rest (ms)
--       8 whether the caller has a slot for a receiver that is not proven (0 or 1)
-- Returns false when stale, 'parked', or {now, attempt, tries, url, trigger, due_ms, proven}; the
-- same to the same token
--
--! include clock
--! include receiver
--! include room_at
local now = clock(ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[2])
redis.call('ZREM', KEYS[5], ARGV[2])
local lease = redis.call('ZSCORE', KEYS[2], ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'state', 'claimed_by', 'url', 'due_ms')
local receiver = receiver_of(KEYS[6], held[3])
if not (lease and held[2] == ARGV[4]) then
  if held[1] ~= 'Pending' or lease or redis.call('ZSCORE', KEYS[3], ARGV[2]) then
    return false
  end
  local room, proven, rest_until = room_at(receiver, KEYS[2], now, tonumber(ARGV[5]),
    tonumber(ARGV[6]), tonumber(ARGV[7]))
  if room == 0 or (not proven and ARGV[8] == '0') then
    redis.call('ZADD', receiver.parked, held[4] or whole(now), ARGV[2])
    if rest_until then
      redis.call('ZADD', KEYS[7], whole(rest_until), receiver.name)
    else
      redis.call('ZADD', KEYS[7], 'NX', whole(now + WAKE_MS), receiver.name)
    end
    return 'parked'
  end
  redis.call('ZREM', receiver.parked, ARGV[2])
  redis.call('SADD', receiver.flight, ARGV[2])
  redis.call('HINCRBY', KEYS[1], 'attempt', 1)
  redis.call('HSET', KEYS[1], 'claimed_by', ARGV[4])
  redis.call('ZADD', KEYS[2], whole(now + tonumber(ARGV[3])), ARGV[2])
end
local delivery = redis.call('HMGET', KEYS[1], 'attempt', 'tries', 'url', 'trigger', 'due_ms')
-- Deliveries made by an older version have neither a trigger nor, at first, a due time.
return {whole(now), delivery[1], delivery[2], delivery[3], delivery[4] or 'schedule',
  delivery[5] or '0', redis.call('HGET', receiver.key, 'proven') or '0'}
