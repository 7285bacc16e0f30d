-- complete: Executed → Completed | Failed | Cancelled; create the delivery and push its message.
--
-- KEYS  1 job HASH · 2 jobs:executed ZSET · 3 jobs:ref STRING · 4 delivery HASH
--       5 callbacks LIST · 6 its line ZSET · 7 jobs:place STRING
--       8 the owner's subscriptions HASH · 9 jobs:id STRING · 10 prefix of jobs
--       11 prefix of deliveries · 12 the owner's ZSET of deliveries · 13 deliveries:owners SET
--       14 jobs:unstored ZSET
--       15-17 of a key that has limits: live ZSET · tokens HASH · month HASH
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 how long an ended job lives (ms)
--       4 largest result that a callback carries (bytes) · 5 what it carries instead of a larger one
--       6 owner · 7 the event that its subscriptions are told ('' when it has none)
--       8 how long the chunks of an ended stream live (ms)
--       9 tokens it took · 10 its cost (thousand-millionths) · 11 how long a month's sums live (ms)
-- Returns the final state, or false when the job was not Executed
--
-- The job gets its time to live when it is in the history (`stored`) and its delivery has ended:
-- until then it is what the history stores and what the callback sends.
--
--! include clock
--! include delivery_index
--! include push_message
--! include epoch
--! include create_delivery
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
redis.call('ZADD', KEYS[14], now, ARGV[2])
if KEYS[15] then
  redis.call('ZREM', KEYS[15], ARGV[2])
  charge(KEYS[16], KEYS[17], tonumber(job[6] or job[4]), tonumber(job[5] or 0), tonumber(ARGV[9]),
    tonumber(ARGV[10]), ARGV[11], tonumber(now))
end
local at = {owner = ARGV[6], index = KEYS[12], owners = KEYS[13], list = KEYS[5], line = KEYS[6],
  places = KEYS[7], subscriptions = KEYS[8], ids = KEYS[9], jobs = KEYS[10],
  deliveries = KEYS[11], job = KEYS[1]}
if job[3] and job[3] ~= '' then
  -- Decided once: a webhook-id never comes with two bodies, whatever the settings become.
  local size = redis.call('HSTRLEN', KEYS[1], 'response') + redis.call('HSTRLEN', KEYS[1], 'error')
  if size > tonumber(ARGV[4]) then
    redis.call('HSET', KEYS[1], 'callback_body', ARGV[5])
  end
  create_delivery(at, KEYS[4], ARGV[2], job[3], now)
end
if ARGV[7] ~= '' then
  create_events(at, 'job.' .. string.lower(job[2]), ARGV[7], now)
end
redis.call('PEXPIRE', KEYS[1] .. ':chunks', ARGV[8])
wake(KEYS[1])
redis.call('HDEL', KEYS[1], 'mailboxes')
return job[2]
