-- claim_delivery: take a Pending delivery for one attempt, with a lease.
--
-- KEYS  1 delivery HASH · 2 deliveries:leases ZSET · 3 deliveries:delayed ZSET
--       4 its line ZSET · 5 its missing ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 lease (ms) · 4 token of this call
-- Returns false when stale, else {now, attempt, tries, url, trigger, due_ms}; the same to the
-- same token
--
--! include clock
local now = clock(ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[2])
redis.call('ZREM', KEYS[5], ARGV[2])
local lease = redis.call('ZSCORE', KEYS[2], ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'state', 'claimed_by')
if not (lease and held[2] == ARGV[4]) then
  if held[1] ~= 'Pending' or lease or redis.call('ZSCORE', KEYS[3], ARGV[2]) then
    return false
  end
  redis.call('HINCRBY', KEYS[1], 'attempt', 1)
  redis.call('HSET', KEYS[1], 'claimed_by', ARGV[4])
  redis.call('ZADD', KEYS[2], whole(now + tonumber(ARGV[3])), ARGV[2])
end
local delivery = redis.call('HMGET', KEYS[1], 'attempt', 'tries', 'url', 'trigger', 'due_ms')
-- Deliveries made by an older version have neither a trigger nor, at first, a due time.
return {whole(now), delivery[1], delivery[2], delivery[3], delivery[4] or 'schedule',
  delivery[5] or '0'}
