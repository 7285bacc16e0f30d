-- retry: Failed | Cancelled → Queued again: the same job, a new generation with a fresh deadline.
--
-- KEYS  1-7 as in includes/finish.lua · 8 jobs:unstored ZSET · 9 jobs:ref STRING · 10 delivery HASH
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
--       12 most bytes that the owner's jobs hold
--       13… field, value pairs of a job that left the ledger, to be put back; none for one in it
-- Returns {'bytes_full', the owner's jobs waiting, drain rate}
--         | {'limited', until there may be room (ms, 0: unknown), which limit}
--         | 'queued' | 'kept' (it has not failed) | 'unknown' (it is in no ledger)
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
local id, now = ARGV[2], clock(ARGV[1])
local was_gone, has_ref = redis.call('EXISTS', KEYS[1]) == 0, false
if was_gone then
  if not ARGV[13] then
    return 'unknown'
  end
  redis.call('HSET', KEYS[1], unpack(ARGV, 13))
  has_ref = redis.call('SET', KEYS[9], id, 'NX')
end
-- What is refused changes nothing.
local function refused(...)
  if was_gone then
    redis.call('DEL', KEYS[1])
  end
  if has_ref then
    redis.call('DEL', KEYS[9])
  end
  return {...}
end
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt')
if job[1] ~= 'Failed' and job[1] ~= 'Cancelled' then
  return 'kept'
end
local size = redis.call('HSTRLEN', KEYS[1], 'request')
release_bytes(KEYS[3], ARGV[7], id)
if lacks_bytes(KEYS[3], ARGV[7], size, tonumber(ARGV[12]), ARGV[11]) then
  return refused('bytes_full', tostring(redis.call('ZCARD', KEYS[18])),
    tostring(drain_rate(KEYS[13], now)))
end
-- To the limits it is a new job, of whoever has it tried again.
local limits = ARGV[9] ~= '' and cjson.decode(ARGV[9])
if limits then
  local exceeded, wait =
    find_exceeded(limits, KEYS[25], KEYS[26], KEYS[27], KEYS[28], ARGV[11], now)
  if exceeded then
    return refused('limited', whole(wait), exceeded)
  end
  take(limits, KEYS[25], KEYS[26], KEYS[27], id, now)
  redis.call('HSET', KEYS[1], 'key_id', ARGV[10], 'reserved', whole(limits.tokens),
    'accepted_ms', whole(now))
else
  redis.call('HDEL', KEYS[1], 'key_id', 'reserved')
end
hold_bytes(KEYS[3], ARGV[7], id, size)
local deadline = whole(now + tonumber(ARGV[6]))
redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('HSET', KEYS[1], 'state', 'Queued', 'deadline_ms', deadline, 'crashes', '0',
  'attempts_before', job[2], 'queued_ms', whole(now))
redis.call('HDEL', KEYS[1], 'outcome', 'status', 'response', 'error', 'executed_by', 'executed_ms',
  'completed_ms', 'started_ms', 'notified_ms', 'cancel', 'claimed_by', 'at', 'failed', 'worker', 'relayed',
  'relayed_by', 'unstored', 'callback_body', 'run_after_ms')
redis.call('DEL', KEYS[1] .. ':chunks')
redis.call('PERSIST', KEYS[1])
redis.call('PERSIST', KEYS[9])
redis.call('ZREM', KEYS[8], id)
local delivery = redis.call('HMGET', KEYS[10], 'state', 'url', 'index')
if delivery[1] == 'Pending' then
  delivery[1] = 'Stopped'
  redis.call('HSET', KEYS[10], 'state', 'Stopped', 'reason', 'the job was retried')
  for _, i in ipairs({11, 19, 20, 21}) do
    redis.call('ZREM', KEYS[i], id)
  end
  leave_parked(endpoint_of(KEYS[22], KEYS[23], delivery[2], delivery[3]), id, KEYS[24])
end
if delivery[1] then
  index_delivery(KEYS[10], delivery[1], false)
end
redis.call('PERSIST', KEYS[10])
redis.call('DEL', KEYS[10] .. ':log')
redis.call('SADD', KEYS[12], ARGV[8])
redis.call('ZADD', KEYS[3], deadline, id)

local place = redis.call('INCR', KEYS[7])
redis.call('ZADD', KEYS[16], place, id)
redis.call('ZADD', KEYS[18], place, id)
redis.call('ZADD', KEYS[17], 'NX', place, ARGV[7])
dispatch(KEYS[14], KEYS[15], KEYS[16], KEYS[17], KEYS[7], ARGV[3], ARGV[4],
  window_of(KEYS[13], now, tonumber(ARGV[5])))
return 'queued'
