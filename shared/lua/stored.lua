-- stored: an ended job is in the history: from now on it may go when its time has passed.
--
-- KEYS  1 job HASH · 2 jobs:unstored ZSET · 3 jobs:ref STRING · 4 delivery HASH
-- ARGV  1 id · 2 which generation was stored · 3 how long an ended job lives (ms)
-- Returns 1, or 0 when the job was queued again in the meantime, or is gone
--
-- A job whose delivery goes on gets its time to live when that ends.
local job = redis.call('HMGET', KEYS[1], 'state', 'generation')
if job[1] and (job[2] or '0') ~= ARGV[2] then
  return 0
end
redis.call('ZREM', KEYS[2], ARGV[1])
if not job[1] then
  return 0
end
redis.call('HDEL', KEYS[1], 'unstored')
if redis.call('HGET', KEYS[4], 'state') ~= 'Pending' then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
end
return 1
