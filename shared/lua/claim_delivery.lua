-- claim_delivery: take a Pending delivery for one attempt, with a lease.
--
-- KEYS  1 delivery HASH · 2 deliveries:leases ZSET · 3 deliveries:delayed ZSET
--       4 its line ZSET · 5 its missing ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 lease (ms)
-- Returns false when stale, else {now, attempt, tries, url}
--
--! include clock
local now = clock(ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[2])
redis.call('ZREM', KEYS[5], ARGV[2])
if redis.call('HGET', KEYS[1], 'state') ~= 'Pending' or redis.call('ZSCORE', KEYS[2], ARGV[2])
  or redis.call('ZSCORE', KEYS[3], ARGV[2]) then
  return false
end
local attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1)
redis.call('ZADD', KEYS[2], whole(now + tonumber(ARGV[3])), ARGV[2])
local delivery = redis.call('HMGET', KEYS[1], 'tries', 'url')
return {whole(now), tostring(attempt), delivery[1], delivery[2]}
