-- complete: Executed → Completed | Failed | Cancelled; create the delivery and push its message.
--
-- KEYS  1 job HASH · 2 jobs:executed ZSET · 3 jobs:ref STRING · 4 delivery HASH
--       5 callbacks LIST · 6 its line ZSET · 7 jobs:place STRING · 8 jobs:unstored ZSET
--       9-11 of a key that has limits: live ZSET · tokens HASH · month HASH
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 how long an ended job lives (ms)
--       4 how long the chunks of an ended stream live (ms)
--       5 tokens it took · 6 its cost (thousand-millionths) · 7 how long a month's sums live (ms)
-- Returns the final state, or false when the job was not Executed
--
-- The job gets its time to live when it is in the history (`stored`) and its delivery has ended:
-- until then it is what the history stores and what the callback sends.
--
--! include clock
--! include push_message
--! include wake
--! include limits
local now = whole(clock(ARGV[1]))
redis.call('ZREM', KEYS[2], ARGV[2])
local job = redis.call('HMGET', KEYS[1], 'state', 'outcome', 'reply_to', 'created_ms', 'reserved',
  'accepted_ms')
if job[1] ~= 'Executed' then
  return false
end
redis.call('HSET', KEYS[1], 'state', job[2], 'completed_ms', now, 'unstored', '1')
redis.call('ZADD', KEYS[8], now, ARGV[2])
if KEYS[9] then
  redis.call('ZREM', KEYS[9], ARGV[2])
  charge(KEYS[10], KEYS[11], tonumber(job[6] or job[4]), tonumber(job[5] or 0), tonumber(ARGV[5]),
    tonumber(ARGV[6]), ARGV[7], tonumber(now))
end
if job[3] and job[3] ~= '' then
  -- After a retry there is one of before: an attempt at that must not be taken for one at this.
  local before = redis.call('HGET', KEYS[4], 'attempt')
  redis.call('HSET', KEYS[4], 'id', ARGV[2], 'state', 'Pending', 'url', job[3],
    'attempt', before and whole(before + 1) or '0', 'tries', '0', 'created_ms', now)
  push_message(KEYS[5], KEYS[6], KEYS[7], 'callbacks', 0, 'workers.callbacks.run', ARGV[2], false)
end
redis.call('PEXPIRE', KEYS[1] .. ':chunks', ARGV[4])
wake(KEYS[1])
redis.call('HDEL', KEYS[1], 'mailboxes')
return job[2]
