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
--       12 jobs:groups (see includes/group.lua)
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
--! include group
local job_key, executed_key, ref_key, delivery_key, list_key, line_key, places_key,
  subscriptions_key, ids_key, jobs_prefix, deliveries_prefix, index_key, owners_key, unstored_key,
  live_key, tokens_key, month_key =
  unpack(KEYS, 1, 17)
local given_ms, id, ttl_ms, largest_body, thin_body, owner, event, chunks_ttl_ms, tokens, cost,
  month_ttl_ms, groups_key =
  unpack(ARGV, 1, 12)

local now_ms = clock(given_ms)
local now = whole(now_ms)
local job = redis.call('HMGET', job_key, 'state', 'outcome', 'reply_to', 'created_ms', 'reserved',
  'accepted_ms', 'group', 'streamed', 'watchers')
if job[1] ~= 'Executed' then
  -- Where the script failed in its middle, it is final already and still among those to complete, and
  -- nobody has begun to deliver it.
  local is_half_done = job[1] and job[1] == job[2] and job[3] and job[3] ~= ''
    and redis.call('ZSCORE', executed_key, id)
    and (redis.call('HGET', delivery_key, 'attempt') or '0') == '0'
  if not is_half_done then
    redis.call('ZREM', executed_key, id)
    return false
  end
end
redis.call('HSET', job_key, 'state', job[2], 'completed_ms', now, 'unstored', '1')
redis.call('ZADD', unstored_key, now, id)
if live_key then
  redis.call('ZREM', live_key, id)
  limits_of_key(nil, nil, tokens_key, nil, month_key, now_ms).charge(tonumber(job[6] or job[4]),
    tonumber(job[5] or 0), tonumber(tokens), tonumber(cost), month_ttl_ms)
end
local at = {owner = owner, index = index_key, owners = owners_key, list = list_key, line = line_key,
  places = places_key, subscriptions = subscriptions_key, ids = ids_key, jobs = jobs_prefix,
  deliveries = deliveries_prefix, job = job_key}
if job[3] and job[3] ~= '' then
  -- Decided once: a webhook-id never comes with two bodies, whatever the settings become.
  local size = redis.call('HSTRLEN', job_key, 'response') + redis.call('HSTRLEN', job_key, 'error')
  if size > tonumber(largest_body) then
    redis.call('HSET', job_key, 'callback_body', thin_body)
  end
  create_delivery(at, delivery_key, id, job[3], now)
end
if event ~= '' then
  create_events(at, 'job.' .. string.lower(job[2]), event, now)
end
if job[7] then
  leave_group(groups_key, group_of(owner, job[7]), id, job[2], now_ms)
end
if job[8] == '1' then
  redis.call('PEXPIRE', job_key .. ':chunks', chunks_ttl_ms)
end
if job[9] then
  wake(job[9])
  redis.call('HDEL', job_key, 'watchers')
end
redis.call('ZREM', executed_key, id)
return job[2]
