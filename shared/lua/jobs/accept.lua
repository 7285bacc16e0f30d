-- accept: make a job and put it in line, or find the job that this RefId made before.
--
-- KEYS  1 jobs:id STRING, from which its ledger HASH is derived · 2 jobs:ref STRING · 3 jobs:models SET
--       4 jobs:deadlines ZSET · 5 drain HASH
--       6-11 of the job's priority: message LIST · line ZSET · waiting ZSET · turns ZSET
--            · jobs:place STRING · the owner's waiting ZSET
--       12-17 all lines and waiting ZSETs of the model
--       18-20 all waiting ZSETs of the owner · 21 jobs:gates SET
--       22… all waiting ZSETs at the job's gate, if it is another than that of the queue
--       the last 4 of a key that has limits: requests ZSET · tokens HASH · live ZSET · month HASH
--       The job's own key is made of ARGV[2] and the id, which only this script knows; dispatch
--       may push jobs of other owners, whose keys only the turns know.
-- ARGV  1 now (ms, 0: the server's clock) · 2 prefix of job keys · 3 model · 4 queue · 5 priority
--       6 widest window (messages) · 7 queue limit (jobs) · 8 owner limit (jobs)
--       9 time to the deadline (ms) · 10 fingerprint · 11 tag ('' for none) · 12 owner
--       13 the key's limits (JSON, '' for none; see includes/limits.lua)
--       14 most bytes that the owner's jobs hold · 15 those of this request
--       16 not to run before ('' for none; see includes/later.lua) · 17 most such jobs of the owner
--       18… more field, value pairs
-- Returns {'unborn', 0} when ids have no epoch | {'accepted', id} | {'exists', id} | {'conflict', id}
--         | {'limited', until there may be room (ms, 0: unknown), which limit}
--         | {'full', jobs waiting, drain rate} | {'owner_full', jobs waiting, drain rate}
--         | {'later_full', the owner's jobs that wait for their time, 0}
--         | {'bytes_full', the owner's jobs waiting, drain rate}
--
--! include clock
--! include push_message
--! include dispatch
--! include drain
--! include limits
--! include owner_bytes
--! include later
local now = clock(ARGV[1])

local known = redis.call('GET', KEYS[2])
if known then
  local fingerprint = redis.call('HGET', ARGV[2] .. known, 'fingerprint')
  if fingerprint then
    return {fingerprint == ARGV[10] and 'exists' or 'conflict', known}
  end
end

local epoch = redis.call('HGET', KEYS[1] .. ':ledger', 'epoch')
if not epoch then
  return {'unborn', '0'}
end

local function size(first, last)
  local sum = 0
  for i = first, last do
    sum = sum + redis.call('ZCARD', KEYS[i])
  end
  return sum
end

local limits = ARGV[13] ~= '' and cjson.decode(ARGV[13])
local last = limits and #KEYS - 4 or #KEYS
local has_own_gate = last >= 22
local due = due_at(ARGV[16], now)
local waiting = due and 0 or size(12, 17) + size(22, last)
if waiting >= tonumber(ARGV[7]) then
  return {'full', tostring(waiting), tostring(drain_rate(KEYS[5], now))}
end
if due then
  waiting = redis.call('ZCARD', later_of(KEYS[4], ARGV[12]))
  if waiting >= tonumber(ARGV[17]) then
    return {'later_full', tostring(waiting), '0'}
  end
else
  waiting = size(18, 20)
end
if not due and waiting >= tonumber(ARGV[8]) then
  return {'owner_full', tostring(waiting), tostring(drain_rate(KEYS[5], now))}
end
if lacks_bytes(KEYS[4], ARGV[12], tonumber(ARGV[15]), tonumber(ARGV[14]), ARGV[2]) then
  return {'bytes_full', tostring(waiting), tostring(drain_rate(KEYS[5], now))}
end

if limits then
  local exceeded, wait =
    find_exceeded(limits, KEYS[last + 1], KEYS[last + 2], KEYS[last + 3], KEYS[last + 4], ARGV[2],
      now)
  if exceeded then
    return {'limited', whole(wait), exceeded}
  end
end

local id = whole(redis.call('INCR', KEYS[1]))
local deadline = whole((due or now) + tonumber(ARGV[9]))
redis.call('HSET', ARGV[2] .. id, 'id', id, 'state', 'Queued', 'model', ARGV[3],
  'priority', ARGV[5], 'fingerprint', ARGV[10], 'tag', ARGV[11], 'owner', ARGV[12],
  'epoch', epoch, 'created_ms', whole(now), 'deadline_ms', deadline, 'attempt', '0', 'crashes', '0',
  unpack(ARGV, 18))
hold_bytes(KEYS[4], ARGV[12], id, ARGV[15])
redis.call('SET', KEYS[2], id)
redis.call('SADD', KEYS[3], ARGV[3])
redis.call('ZADD', KEYS[4], deadline, id)

if limits then
  take(limits, KEYS[last + 1], KEYS[last + 2], KEYS[last + 3], id, now)
end
if due then
  put_later(KEYS[4], ARGV[12], ARGV[2] .. id, id, due)
  if limits then
    -- It is none of the key's live jobs before it is due.
    redis.call('ZREM', KEYS[last + 3], id)
  end
  return {'accepted', id}
end

local window = window_of(KEYS[5], now, tonumber(ARGV[6]))
local is_open = redis.call('SISMEMBER', KEYS[21], ARGV[4]) == 0
local has_room = redis.call('LLEN', KEYS[6]) < window and redis.call('EXISTS', KEYS[8]) == 0
-- That of the queue does not hold it up.
if is_open and has_room or not is_open and has_own_gate then
  push_message(KEYS[6], KEYS[7], KEYS[10], ARGV[4], ARGV[5], 'workers.chat.run', id, false)
else
  local place = redis.call('INCR', KEYS[10])
  redis.call('ZADD', KEYS[8], place, id)
  redis.call('ZADD', KEYS[11], place, id)
  redis.call('ZADD', KEYS[9], 'NX', place, ARGV[12])
  if is_open then
    dispatch(KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], ARGV[4], ARGV[5], window)
  end
end
return {'accepted', id}
