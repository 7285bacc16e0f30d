-- complete: Executed → Completed | Failed | Cancelled; create the delivery and push its message.
--
-- KEYS  1 job HASH · 2 jobs:executed ZSET · 3 jobs:ref STRING · 4 delivery HASH
--       5 callbacks LIST · 6 its line ZSET · 7 jobs:place STRING
--       8 the owner's ZSET of deliveries · 9 deliveries:owners SET
--       10 the owner's subscriptions HASH · 11 jobs:id STRING · 12 prefix of jobs
--       13 prefix of deliveries
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 how long an ended job lives (ms)
--       4 largest result that a callback carries (bytes) · 5 what it carries instead of a larger one
--       6 owner · 7 the event that its subscriptions are told ('' when it has none)
--       8 how long the chunks of an ended stream live (ms)
-- Returns the final state, or false when the job was not Executed
--
-- A job with a delivery gets its time to live when the delivery ends: until then its body is
-- what the callback sends.
--
--! include clock
--! include delivery_index
--! include push_message
--! include create_delivery
--! include wake
local now = whole(clock(ARGV[1]))
redis.call('ZREM', KEYS[2], ARGV[2])
local job = redis.call('HMGET', KEYS[1], 'state', 'outcome', 'reply_to')
if job[1] ~= 'Executed' then
  return false
end
redis.call('HSET', KEYS[1], 'state', job[2], 'completed_ms', now)
local at = {owner = ARGV[6], index = KEYS[8], owners = KEYS[9], list = KEYS[5], line = KEYS[6],
  places = KEYS[7], subscriptions = KEYS[10], ids = KEYS[11], jobs = KEYS[12],
  deliveries = KEYS[13]}
if job[3] and job[3] ~= '' then
  -- Decided once: a webhook-id never comes with two bodies, whatever the settings become.
  local size = redis.call('HSTRLEN', KEYS[1], 'response') + redis.call('HSTRLEN', KEYS[1], 'error')
  if size > tonumber(ARGV[4]) then
    redis.call('HSET', KEYS[1], 'callback_body', ARGV[5])
  end
  create_delivery(at, KEYS[4], ARGV[2], job[3], now)
else
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
end
if ARGV[7] ~= '' then
  create_events(at, 'job.' .. string.lower(job[2]), ARGV[7], now)
end
redis.call('PEXPIRE', KEYS[1] .. ':chunks', ARGV[8])
wake(KEYS[1])
redis.call('HDEL', KEYS[1], 'mailboxes')
return job[2]
