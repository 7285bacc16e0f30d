-- accept_all: make many jobs of one owner and model, in their order, up to the first that is refused.
--
-- What it leaves is what `accept` leaves when it is run for one after the other (a test compares);
-- what these have in common is looked up once, and written once.
--
-- KEYS  1 jobs:id STRING, from which its ledger HASH is derived
--       2 jobs:models SET · 3 jobs:deadlines ZSET · 4 drain HASH
--       5-10 of the jobs' priority: message LIST · line ZSET · waiting ZSET · turns ZSET
--            · jobs:place STRING · the owner's waiting ZSET
--       11-16 all lines and waiting ZSETs of the model
--       17-19 all waiting ZSETs of the owner · 20 jobs:gates SET
--       21… all waiting ZSETs at the jobs' gate, if it is another than that of the queue
--       the next 4 of a key that has limits: requests ZSET · tokens HASH · live ZSET · month HASH
--       the last one of each job: jobs:ref STRING
-- ARGV  1 now (ms, 0: the server's clock) · 2 prefix of job keys · 3 model · 4 queue · 5 priority
--       6 widest window (messages) · 7 queue limit (jobs) · 8 owner limit (jobs)
--       9 owner · 10 the key's limits (JSON, '' for none; see includes/limits.lua)
--       11 most bytes that the owner's jobs hold · 12 how many jobs
--       13 most jobs of the owner that wait for their time
--       then of each job: time to the deadline (ms) · fingerprint · tag ('' for none) · bytes of the
--       request · tokens it will take · not to run before ('' for none; see
--       includes/later.lua) · how many values follow · … more field, value pairs
-- Returns what `accept` returns, of each job; a refusal is the last: no job behind it was looked at.
--
--! include clock
--! include push_message
--! include dispatch
--! include drain
--! include limits
--! include owner_bytes
--! include later
local now = clock(ARGV[1])
local epoch = redis.call('HGET', KEYS[1] .. ':ledger', 'epoch')
local prefix, count = ARGV[2], tonumber(ARGV[12])
local limits = ARGV[10] ~= '' and cjson.decode(ARGV[10])
local per_job = #KEYS - count
local last = limits and per_job - 4 or per_job
local has_own_gate = last >= 21

local function size(first, final)
  local sum = 0
  for i = first, final do
    sum = sum + redis.call('ZCARD', KEYS[i])
  end
  return sum
end

local function ref_key(i)
  return KEYS[per_job + i]
end

local refs = {}
for i = 1, count do
  refs[i] = ref_key(i)
end
-- Which job each RefId names, and with which fingerprint; those of these jobs are added.
local known, fingerprints = {}, {}
for i, id in ipairs(redis.call('MGET', unpack(refs))) do
  if id then
    known[refs[i]] = id
    fingerprints[id] = redis.call('HGET', prefix .. id, 'fingerprint')
  end
end

local in_line, of_owner = size(11, 16) + size(21, last), size(17, 19)
local is_open = redis.call('SISMEMBER', KEYS[20], ARGV[4]) == 0
local window = window_of(KEYS[4], now, tonumber(ARGV[6]))
local messages, somebody_waits = redis.call('LLEN', KEYS[5]), redis.call('EXISTS', KEYS[7]) == 1

-- What is written at once, when all jobs have been looked at.
local named, deadlines, waiting, made = {}, {}, {}, 0

local function add(rows, ...)
  for _, value in ipairs({...}) do
    rows[#rows + 1] = value
  end
end

local function put_in_waiting()
  if #waiting > 0 then
    redis.call('ZADD', KEYS[7], unpack(waiting))
    redis.call('ZADD', KEYS[10], unpack(waiting))
    redis.call('ZADD', KEYS[8], 'NX', waiting[1], ARGV[9])
    waiting = {}
  end
end

local function put_in_line(id)
  if is_open and messages < window and not somebody_waits or not is_open and has_own_gate then
    push_message(KEYS[5], KEYS[6], KEYS[9], ARGV[4], ARGV[5], 'workers.chat.run', id, false)
    messages = messages + 1
    in_line = in_line + 1
    return
  end
  add(waiting, redis.call('INCR', KEYS[9]), id)
  in_line, of_owner, somebody_waits = in_line + 1, of_owner + 1, true
  if is_open and messages < window then
    put_in_waiting()
    dispatch(KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], ARGV[4], ARGV[5], window)
    messages, somebody_waits = redis.call('LLEN', KEYS[5]), redis.call('EXISTS', KEYS[7]) == 1
    of_owner = size(17, 19)
  end
end

-- Why there is no room for one more job; nil when there is.
local function refusal(bytes, due)
  local delayed = due and redis.call('ZCARD', later_of(KEYS[3], ARGV[9]))
  if due and delayed >= tonumber(ARGV[13]) then
    return {'later_full', tostring(delayed), '0'}
  end
  if not due and in_line >= tonumber(ARGV[7]) then
    return {'full', tostring(in_line), tostring(drain_rate(KEYS[4], now))}
  end
  if not due and of_owner >= tonumber(ARGV[8]) then
    return {'owner_full', tostring(of_owner), tostring(drain_rate(KEYS[4], now))}
  end
  if lacks_bytes(KEYS[3], ARGV[9], bytes, tonumber(ARGV[11]), prefix) then
    return {'bytes_full', tostring(of_owner), tostring(drain_rate(KEYS[4], now))}
  end
  if limits then
    local exceeded, wait = find_exceeded(limits, KEYS[last + 1], KEYS[last + 2], KEYS[last + 3],
      KEYS[last + 4], prefix, now)
    if exceeded then
      return {'limited', whole(wait), exceeded}
    end
  end
end

-- Returns what became of the job whose values begin at ARGV[at].
local function accept(i, at)
  local fingerprint, tag, bytes = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local before = known[ref_key(i)]
  if before and fingerprints[before] then
    return {fingerprints[before] == fingerprint and 'exists' or 'conflict', before}
  end
  if not epoch then
    return {'unborn', '0'}
  end
  if limits then
    limits.tokens = tonumber(ARGV[at + 4])
  end
  local due = due_at(ARGV[at + 5], now)
  local refused = refusal(tonumber(bytes), due)
  if refused then
    return refused
  end
  local id = whole(redis.call('INCR', KEYS[1]))
  local deadline = whole((due or now) + tonumber(ARGV[at]))
  redis.call('HSET', prefix .. id, 'id', id, 'state', 'Queued', 'model', ARGV[3],
    'priority', ARGV[5], 'fingerprint', fingerprint, 'tag', tag, 'owner', ARGV[9],
    'epoch', epoch, 'created_ms', whole(now), 'deadline_ms', deadline, 'attempt', '0',
    'crashes', '0', unpack(ARGV, at + 7, at + 6 + ARGV[at + 6]))
  hold_bytes(KEYS[3], ARGV[9], id, bytes)
  known[ref_key(i)], fingerprints[id] = id, fingerprint
  add(named, ref_key(i), id)
  add(deadlines, deadline, id)
  if limits then
    take(limits, KEYS[last + 1], KEYS[last + 2], KEYS[last + 3], id, now)
  end
  if due then
    put_later(KEYS[3], ARGV[9], prefix .. id, id, due)
    if limits then
      -- It is none of the key's live jobs before it is due.
      redis.call('ZREM', KEYS[last + 3], id)
    end
  else
    put_in_line(id)
  end
  made = made + 1
  return {'accepted', id}
end

local told, at = {}, 14
for i = 1, count do
  told[i] = accept(i, at)
  if told[i][1] ~= 'accepted' and told[i][1] ~= 'exists' then
    break
  end
  at = at + 7 + tonumber(ARGV[at + 6])
end
if made > 0 then
  redis.call('MSET', unpack(named))
  redis.call('ZADD', KEYS[3], unpack(deadlines))
  redis.call('SADD', KEYS[2], ARGV[3])
end
put_in_waiting()
return told
