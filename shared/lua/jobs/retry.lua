-- retry: Failed | Cancelled → Queued again: the same job, a new generation with a fresh deadline.
--
-- KEYS  1-7 as in includes/move_keys.lua · 8 jobs:unstored ZSET · 9 jobs:ref STRING · 10 delivery HASH
--       11 deliveries:delayed ZSET · 12 jobs:models SET · 13 drain HASH
--       14-18 of the job's priority: message LIST · line ZSET · waiting ZSET · turns ZSET
--             · the owner's waiting ZSET
--       19 deliveries:leases ZSET · 20 line of the callbacks ZSET · 21 its missing ZSET
--       22 prefix of endpoints · 23 prefix of hosts · 24 deliveries:parked SET
--       25-28 of a caller whose key has limits: requests ZSET · tokens HASH · live ZSET · month HASH
--       The job's stream and its delivery's log are derived from their keys; dispatch may push jobs
--       of other owners.
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 queue · 4 priority · 5 widest window (messages)
--       6 time to the deadline (ms) · 7 owner · 8 model
--       9 limits of the caller's key (JSON, '' for none) · 10 that key · 11 prefix of job keys
--       12 most bytes that the owner's jobs hold · 13 jobs:groups (see includes/group.lua)
--       14… field, value pairs of a job that left the ledger, to be put back; none for one in it
-- Returns {'bytes_full', the owner's jobs waiting, drain rate}
--         | {'limited', until there may be room (ms, 0: unknown), which limit}
--         | 'queued' | 'kept' (it has not failed) | 'unknown' (it is in no ledger)
--         | 'cancelling' (its group is being cancelled)
--
-- Attempts are numbered on, so that none of an earlier generation is taken for one of this. A
-- delivery that is not over stops: its body is gone. The next end makes a new one.
--
--! include clock
--! include delivery_index
--! include endpoint
--! include push_message
--! include dispatch
--! include drain
--! include limits
--! include owner_bytes
--! include flows
--! include move_keys
--! include group
local unstored_key, ref_key, delivery_key, deliveries_delayed, models_key, drain_key, list_key,
  line_key, waiting_key, turns_key, own_waiting_key, deliveries_leases, callbacks_line,
  callbacks_missing, endpoints_prefix, hosts_prefix, parked_key, requests_key, tokens_key,
  live_key, month_key =
  unpack(KEYS, 8, 28)
local given_ms, id, queue, priority, widest_window, timeout_ms, owner, model, limits_json, key_id,
  jobs_prefix, most_bytes, groups_key =
  unpack(ARGV, 1, 13)
local FIRST_FIELD = 14

local now = clock(given_ms)
local was_gone, has_ref = redis.call('EXISTS', job_key) == 0, false
if was_gone then
  if not ARGV[FIRST_FIELD] then
    return 'unknown'
  end
  redis.call('HSET', job_key, unpack(ARGV, FIRST_FIELD))
  has_ref = redis.call('SET', ref_key, id, 'NX')
end
-- What is refused changes nothing.
local function undo()
  if was_gone then
    redis.call('DEL', job_key)
  end
  if has_ref then
    redis.call('DEL', ref_key)
  end
end
local function refused(...)
  undo()
  return {...}
end
local job = redis.call('HMGET', job_key, 'state', 'attempt', 'group')
if job[1] ~= 'Failed' and job[1] ~= 'Cancelled' then
  return 'kept'
end
if job[3] and is_being_cancelled(groups_key, group_of(owner, job[3])) then
  undo()
  return 'cancelling'
end
local size = redis.call('HSTRLEN', job_key, 'request')
release_bytes(deadlines_key, owner, id)
local held = bytes_held(deadlines_key, owner, size, tonumber(most_bytes), jobs_prefix)
if not held then
  return refused('bytes_full', tostring(redis.call('ZCARD', own_waiting_key)),
    tostring(drain_rate(drain_key, now)))
end
-- To the limits it is a new job, of whoever has it tried again.
local limits = limits_json ~= '' and cjson.decode(limits_json)
if limits then
  local key = limits_of_key(limits, requests_key, tokens_key, live_key, month_key, now)
  local exceeded, wait = key.find_exceeded(jobs_prefix)
  if exceeded then
    return refused('limited', whole(wait), exceeded)
  end
  key.take(id, now)
  redis.call('HSET', job_key, 'key_id', key_id, 'reserved', whole(limits.tokens),
    'accepted_ms', whole(now))
else
  redis.call('HDEL', job_key, 'key_id', 'reserved')
end
hold_bytes(deadlines_key, owner, id, size, held)
local deadline = whole(now + tonumber(timeout_ms))
redis.call('HINCRBY', job_key, 'generation', 1)
redis.call('HSET', job_key, 'state', 'Queued', 'deadline_ms', deadline, 'crashes', '0',
  'attempts_before', job[2], 'queued_ms', whole(now))
redis.call('HDEL', job_key, 'outcome', 'status', 'response', 'error', 'executed_by', 'executed_ms',
  'completed_ms', 'started_ms', 'notified_ms', 'cancel', 'claimed_by', 'at', 'failed', 'worker', 'relayed',
  'relayed_by', 'unstored', 'callback_body', 'run_after_ms', 'keep_ms', 'mailboxes', 'watchers')
redis.call('DEL', job_key .. ':chunks')
redis.call('PERSIST', job_key)
redis.call('PERSIST', ref_key)
redis.call('ZREM', unstored_key, id)
local delivery = redis.call('HMGET', delivery_key, 'state', 'url', 'index')
if delivery[1] == 'Pending' then
  delivery[1] = 'Stopped'
  redis.call('HSET', delivery_key, 'state', 'Stopped', 'reason', 'the job was retried')
  for _, key in ipairs({deliveries_delayed, deliveries_leases, callbacks_line, callbacks_missing}) do
    redis.call('ZREM', key, id)
  end
  leave_parked(endpoint_of(endpoints_prefix, hosts_prefix, delivery[2], delivery[3]), id, parked_key)
end
if delivery[1] then
  index_delivery(delivery_key, delivery[1], false)
end
-- Until the next end it is still the delivery of this one, with its log.
redis.call('PERSIST', delivery_key)
redis.call('PERSIST', delivery_key .. ':log')
redis.call('SADD', models_key, model)
redis.call('ZADD', deadlines_key, deadline, id)
if job[3] then
  return_to_group(groups_key, group_of(owner, job[3]), id, now)
end

local own = redis.call('HMGET', job_key, 'flow', 'flow_limits', 'flow_place', 'tier', 'weight')
local place = place_in(own[4], redis.call('INCR', places_key))
if own[1] then
  local flow = flow_of(deadlines_key, owner, own[1], now)
  flow.know_limits(own[2], tonumber(timeout_ms))
  if not flow.enter(own[3], id, place) then
    return 'queued'
  end
end
redis.call('ZADD', waiting_key, place, id)
redis.call('ZADD', own_waiting_key, place, id)
owner_waits(turns_key, owner, place, own[5])
dispatch(list_key, line_key, waiting_key, turns_key, places_key, queue, priority,
  window_of(drain_key, now, tonumber(widest_window)))
return 'queued'
