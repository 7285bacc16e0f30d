-- complete: Executed → Completed | Failed | Cancelled; create the delivery and push its message.
--
-- KEYS  1 job HASH · 2 jobs:executed ZSET · 3 jobs:ref STRING · 4 delivery HASH
--       5 callbacks LIST · 6 its line ZSET · 7 jobs:place STRING
--       8-10 of a key that has limits: live ZSET · tokens HASH · month HASH
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 how long an ended job lives (ms)
--       4 tokens it took · 5 its cost (thousand-millionths) · 6 how long a month's sums live (ms)
-- Returns the final state, or false when the job was not Executed
--
-- A job with a delivery gets its time to live when the delivery ends: until then its body is
-- what the callback sends.
--
--! include clock
--! include push_message
--! include wake
--! include limits
local now = whole(clock(ARGV[1]))
redis.call('ZREM', KEYS[2], ARGV[2])
local job = redis.call('HMGET', KEYS[1], 'state', 'outcome', 'reply_to', 'created_ms', 'reserved')
if job[1] ~= 'Executed' then
  return false
end
redis.call('HSET', KEYS[1], 'state', job[2], 'completed_ms', now)
if KEYS[8] then
  redis.call('ZREM', KEYS[8], ARGV[2])
  charge(KEYS[9], KEYS[10], tonumber(job[4]), tonumber(job[5] or 0), tonumber(ARGV[4]),
    tonumber(ARGV[5]), ARGV[6], tonumber(now))
end
if job[3] and job[3] ~= '' then
  redis.call('HSET', KEYS[4], 'id', ARGV[2], 'state', 'Pending', 'url', job[3],
    'attempt', '0', 'tries', '0', 'created_ms', now)
  push_message(KEYS[5], KEYS[6], KEYS[7], 'callbacks', 0, 'workers.callbacks.run', ARGV[2], false)
else
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
end
redis.call('PEXPIRE', KEYS[1] .. ':chunks', ARGV[3])
wake(KEYS[1])
redis.call('HDEL', KEYS[1], 'mailboxes')
return job[2]
