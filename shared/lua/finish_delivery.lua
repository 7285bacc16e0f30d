-- finish_delivery: record one attempt and what follows: an end, or another one later.
--
-- KEYS  1 delivery HASH · 2 its log LIST · 3 deliveries:leases ZSET · 4 deliveries:delayed ZSET
--       5 job HASH · 6 jobs:ref STRING
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 attempt · 4 row of the log (JSON)
--       5 state: Pending | Delivered | Stopped | Exhausted · 6 reason · 7 delay when Pending (ms)
--       8 how long an ended job lives (ms) · 9 most rows of the log
-- Returns 1, or 0 when another attempt has the delivery
--
--! include clock
local now = clock(ARGV[1])
local delivery = redis.call('HMGET', KEYS[1], 'state', 'attempt')
if delivery[1] ~= 'Pending' or delivery[2] ~= ARGV[3]
  or not redis.call('ZSCORE', KEYS[3], ARGV[2]) then
  return 0
end
redis.call('ZREM', KEYS[3], ARGV[2])
redis.call('RPUSH', KEYS[2], ARGV[4])
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[9]), -1)
redis.call('HINCRBY', KEYS[1], 'tries', 1)
redis.call('HSET', KEYS[1], 'state', ARGV[5], 'reason', ARGV[6])
if ARGV[5] == 'Pending' then
  local due = whole(now + tonumber(ARGV[7]))
  redis.call('HSET', KEYS[1], 'due_ms', due)
  redis.call('ZADD', KEYS[4], due, ARGV[2])
  return 1
end
redis.call('HSET', KEYS[1], 'ended_ms', whole(now))
if ARGV[5] == 'Delivered' then
  redis.call('HSET', KEYS[5], 'notified_ms', whole(now))
end
-- A job that is not in the history yet stays until it is.
local ended = redis.call('HEXISTS', KEYS[5], 'unstored') == 1 and {1, 2} or {1, 2, 5, 6}
for _, i in ipairs(ended) do
  redis.call('PEXPIRE', KEYS[i], ARGV[8])
end
return 1
