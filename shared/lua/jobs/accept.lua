-- accept: make a job and put it in line, or find the job that this RefId made before.
--
-- KEYS  1 jobs:id STRING, from which its ledger HASH is derived · 2 jobs:ref STRING · 3 jobs:tag ZSET · 4 jobs:models SET
--       5 jobs:deadlines ZSET · 6 drain HASH
--       7-12 of the job's priority: message LIST · line ZSET · waiting ZSET · turns ZSET
--            · jobs:place STRING · the owner's waiting ZSET
--       13-18 all lines and waiting ZSETs of the model
--       19-21 all waiting ZSETs of the owner · 22 jobs:gates SET
--       23… all waiting ZSETs at the job's gate, if it is another than that of the queue
--       the last 4 of a key that has limits: requests ZSET · tokens HASH · live ZSET · month HASH
--       The job's own key is made of ARGV[2] and the id, which only this script knows; dispatch
--       may push jobs of other owners, whose keys only the turns know.
-- ARGV  1 now (ms, 0: the server's clock) · 2 prefix of job keys · 3 model · 4 queue · 5 priority
--       6 widest window (messages) · 7 queue limit (jobs) · 8 owner limit (jobs)
--       9 time to the deadline (ms) · 10 fingerprint · 11 tag ('' for none)
--       12 how long the tag index lives (ms) · 13 owner
--       14 the key's limits (JSON, '' for none; see includes/limits.lua)
--       15 most bytes that the owner's jobs hold · 16 those of this request · 17… more field, value pairs
-- Returns {'unborn', 0} when ids have no epoch | {'accepted', id} | {'exists', id} | {'conflict', id}
--         | {'limited', until there may be room (ms, 0: unknown), which limit}
--         | {'full', jobs waiting, drain rate} | {'owner_full', jobs waiting, drain rate}
--         | {'bytes_full', the owner's jobs waiting, drain rate}
--
--! include clock
--! include push_message
--! include dispatch
--! include drain
--! include limits
--! include owner_bytes
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

local limits = ARGV[14] ~= '' and cjson.decode(ARGV[14])
local last = limits and #KEYS - 4 or #KEYS
local has_own_gate = last >= 23
local waiting = size(13, 18) + size(23, last)
if waiting >= tonumber(ARGV[7]) then
  return {'full', tostring(waiting), tostring(drain_rate(KEYS[6], now))}
end
waiting = size(19, 21)
if waiting >= tonumber(ARGV[8]) then
  return {'owner_full', tostring(waiting), tostring(drain_rate(KEYS[6], now))}
end
if lacks_bytes(KEYS[5], ARGV[13], tonumber(ARGV[16]), tonumber(ARGV[15]), ARGV[2]) then
  return {'bytes_full', tostring(waiting), tostring(drain_rate(KEYS[6], now))}
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
local deadline = whole(now + tonumber(ARGV[9]))
redis.call('HSET', ARGV[2] .. id, 'id', id, 'state', 'Queued', 'model', ARGV[3],
  'priority', ARGV[5], 'fingerprint', ARGV[10], 'tag', ARGV[11], 'owner', ARGV[13],
  'epoch', epoch, 'created_ms', whole(now), 'deadline_ms', deadline, 'attempt', '0', 'crashes', '0',
  unpack(ARGV, 17))
hold_bytes(KEYS[5], ARGV[13], id, ARGV[16])
redis.call('SET', KEYS[2], id)
if ARGV[11] ~= '' then
  -- Whatever their age: a job that is tried again, or whose callback is, lives longer than others.
  for _, old in ipairs(redis.call('ZRANGE', KEYS[3], 0, 9)) do
    if redis.call('EXISTS', ARGV[2] .. old) == 0 then
      redis.call('ZREM', KEYS[3], old)
    end
  end
  redis.call('ZADD', KEYS[3], whole(now), id)
  redis.call('PEXPIRE', KEYS[3], ARGV[12])
end
redis.call('SADD', KEYS[4], ARGV[3])
redis.call('ZADD', KEYS[5], deadline, id)

if limits then
  take(limits, KEYS[last + 1], KEYS[last + 2], KEYS[last + 3], id, now)
end

local window = window_of(KEYS[6], now, tonumber(ARGV[6]))
local is_open = redis.call('SISMEMBER', KEYS[22], ARGV[4]) == 0
local has_room = redis.call('LLEN', KEYS[7]) < window and redis.call('EXISTS', KEYS[9]) == 0
-- That of the queue does not hold it up.
if is_open and has_room or not is_open and has_own_gate then
  push_message(KEYS[7], KEYS[8], KEYS[11], ARGV[4], ARGV[5], 'workers.chat.run', id, false)
else
  local place = redis.call('INCR', KEYS[11])
  redis.call('ZADD', KEYS[9], place, id)
  redis.call('ZADD', KEYS[12], place, id)
  redis.call('ZADD', KEYS[10], 'NX', place, ARGV[13])
  if is_open then
    dispatch(KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11], ARGV[4], ARGV[5], window)
  end
end
return {'accepted', id}
