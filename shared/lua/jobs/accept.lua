-- accept: make jobs of one owner and model and put them in line, in their order, up to the first that
-- is refused; or find the jobs that their RefIds made before.
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
--       A job's own key is made of the prefix and its id, which only this script knows; dispatch may
--       push jobs of other owners, whose keys only the turns know.
-- ARGV  1 now (ms, 0: the server's clock) · 2 prefix of job keys · 3 model · 4 queue · 5 priority
--       6 widest window (messages) · 7 queue limit (jobs) · 8 owner limit (jobs)
--       9 owner · 10 the key's limits (JSON, '' for none; see includes/limits.lua)
--       11 most bytes that the owner's jobs hold · 12 how many jobs
--       13 most jobs of the owner that wait for their time · 14 most flow keys of the owner
--       15 their tier · 16 their owner's weight ('' each for none; see includes/dispatch.lua)
--       17 the group they join ('' for none; see includes/group.lua) · 18 most jobs of a group
--       19 jobs:groups
--       then of each job: time to the deadline (ms) · fingerprint · tag ('' for none) · bytes of the
--       request · tokens it will take · not to run before ('' for none; see includes/later.lua)
--       · its flow (JSON: key, limits, place; '' for none; see includes/flows.lua)
--       · how many values follow · … more field, value pairs
-- Returns of each job {'accepted', id} | {'exists', id}; or, as the last, why there is none:
--         {'unborn', 0} when ids have no epoch | {'conflict', id}
--         | {'limited', until there may be room (ms, 0: unknown), which limit}
--         | {'full', jobs waiting, drain rate} | {'owner_full', jobs waiting, drain rate}
--         | {'later_full', the owner's jobs that wait for their time, 0}
--         | {'bytes_full', the owner's jobs waiting, drain rate}
--         | {'flows_full', the owner's flow keys, 0}
--         | {'group_closed', 0, 0} | {'group_full', 0, 0}
--
-- What jobs have in common is looked up once, and written once.
--
--! include clock
--! include push_message
--! include dispatch
--! include drain
--! include limits
--! include owner_bytes
--! include later
--! include flows
--! include group
local ids_key, models_key, deadlines_key, drain_key, list_key, line_key, waiting_key, turns_key,
  places_key, own_waiting_key =
  unpack(KEYS, 1, 10)
local FIRST_OF_MODEL, LAST_OF_MODEL, FIRST_OF_OWNER, LAST_OF_OWNER = 11, 16, 17, 19
local gates_key = KEYS[20]
local FIRST_OF_GATE = 21
local given_ms, prefix, model, queue, priority, widest_window, queue_limit, owner_limit, owner,
  limits_json, most_bytes, count_text, later_limit, flows_limit, tier, weight, group, group_limit,
  groups_key =
  unpack(ARGV, 1, 19)
local FIRST_VALUE = 20

local now, count = clock(given_ms), tonumber(count_text)
local limits = limits_json ~= '' and cjson.decode(limits_json)
local last_but_refs = #KEYS - count
local last_of_gate = limits and last_but_refs - 4 or last_but_refs
local requests_key, tokens_key, live_key, month_key
if limits then
  requests_key, tokens_key, live_key, month_key = unpack(KEYS, last_of_gate + 1, last_but_refs)
end
local refs = {unpack(KEYS, last_but_refs + 1)}
local epoch = redis.call('HGET', ids_key .. ':ledger', 'epoch')

-- Which job each RefId names, and with which fingerprint; those of these jobs are added.
local known, fingerprints = {}, {}
for i, id in ipairs(redis.call('MGET', unpack(refs))) do
  if id then
    known[refs[i]] = id
    fingerprints[id] = redis.call('HGET', prefix .. id, 'fingerprint')
  end
end

local function size(first, last)
  local sum = 0
  for i = first, last do
    sum = sum + redis.call('ZCARD', KEYS[i])
  end
  return sum
end

local in_line = size(FIRST_OF_MODEL, LAST_OF_MODEL) + size(FIRST_OF_GATE, last_of_gate)
local of_owner = size(FIRST_OF_OWNER, LAST_OF_OWNER)
local has_own_gate = last_of_gate >= FIRST_OF_GATE
local is_open = redis.call('SISMEMBER', gates_key, queue) == 0
local window = window_of(drain_key, now, tonumber(widest_window))
local messages = redis.call('LLEN', list_key)
local somebody_waits = redis.call('EXISTS', waiting_key) == 1

-- What is written at once, when all jobs have been looked at.
local named, deadlines, waiting, joining, made = {}, {}, {}, {}, 0

local function add(rows, first, second)
  rows[#rows + 1] = first
  rows[#rows + 1] = second
end

local function put_in_waiting()
  if #waiting > 0 then
    redis.call('ZADD', waiting_key, unpack(waiting))
    redis.call('ZADD', own_waiting_key, unpack(waiting))
    owner_waits(turns_key, owner, waiting[1], weight ~= '' and weight)
    waiting = {}
  end
end

local function next_place()
  local place = redis.call('INCR', places_key)
  return tier == '' and place or place_in(tier, place)
end

local function put_in_line(id)
  -- A closed gate of the queue does not hold up jobs that have one of their own.
  if is_open and messages < window and not somebody_waits or not is_open and has_own_gate then
    push_message(list_key, line_key, places_key, queue, priority, 'workers.chat.run', id, false)
    messages = messages + 1
    in_line = in_line + 1
    return
  end
  add(waiting, next_place(), id)
  in_line, of_owner, somebody_waits = in_line + 1, of_owner + 1, true
  if is_open and messages < window then
    put_in_waiting()
    dispatch(list_key, line_key, waiting_key, turns_key, places_key, queue, priority, window)
    messages = redis.call('LLEN', list_key)
    somebody_waits = redis.call('EXISTS', waiting_key) == 1
    of_owner = size(FIRST_OF_OWNER, LAST_OF_OWNER)
  end
end

-- Why a job with a flow key has no room with it; nil when it has.
local function flow_refusal(flow)
  local why, number = flow.refusal(tonumber(flows_limit), tonumber(owner_limit))
  return why and {why, tostring(number), tostring(drain_rate(drain_key, now))}
end

-- Why there is no room for one more job; nil when there is: and when, if it waits for its key's limits.
local function refusal(bytes, due, timeout_ms)
  local kept_out = group ~= ''
    and group_refusal(groups_key, group_of(owner, group), made + 1, group_limit)
  if kept_out then
    return {kept_out, '0', '0'}
  end
  local delayed = due and redis.call('ZCARD', later_of(deadlines_key, owner))
  if due and delayed >= tonumber(later_limit) then
    return {'later_full', tostring(delayed), '0'}
  end
  if not due and in_line >= tonumber(queue_limit) then
    return {'full', tostring(in_line), tostring(drain_rate(drain_key, now))}
  end
  if not due and of_owner >= tonumber(owner_limit) then
    return {'owner_full', tostring(of_owner), tostring(drain_rate(drain_key, now))}
  end
  if lacks_bytes(deadlines_key, owner, bytes, tonumber(most_bytes), prefix) then
    return {'bytes_full', tostring(of_owner), tostring(drain_rate(drain_key, now))}
  end
  if limits then
    local exceeded, wait =
      find_exceeded(limits, requests_key, tokens_key, live_key, month_key, prefix, now)
    if exceeded then
      local longest_ms = priority == '0' and 1000 * (limits.wait_secs or 0) or timeout_ms
      local room_at = waits_until(limits, exceeded, requests_key, tokens_key, longest_ms, now)
      if not room_at then
        return {'limited', whole(wait), exceeded}
      end
      if redis.call('ZCARD', later_of(deadlines_key, owner)) >= tonumber(later_limit) then
        return {'later_full', later_limit, '0'}
      end
      return nil, room_at
    end
  end
end

-- The last job that comes says how many of its key may run.
local function put_in_flow(flow, told, id, left_ms)
  flow.set_limits(told.limits, left_ms)
  if flow.enter(told.place, id, next_place()) then
    put_in_line(id)
  end
end

-- Returns what became of the job that this RefId names, whose values begin at ARGV[at]; and where
-- the values of the next one begin.
local function accept(ref, at)
  local timeout_ms, fingerprint, tag, bytes, tokens, run_after, flow_json, more = unpack(ARGV, at, at + 7)
  local first = at + 8
  local following = first + more
  local before = known[ref]
  if before and fingerprints[before] then
    return {fingerprints[before] == fingerprint and 'exists' or 'conflict', before}, following
  end
  if not epoch then
    return {'unborn', '0'}
  end
  if limits then
    limits.tokens = tonumber(tokens)
  end
  local due = due_at(run_after, now)
  local told = flow_json ~= '' and cjson.decode(flow_json)
  local flow = told and flow_of(deadlines_key, owner, told.key, now)
  local refused, room_at = refusal(tonumber(bytes), due, tonumber(timeout_ms))
  refused = refused or flow and not due and flow_refusal(flow)
  if refused then
    return refused
  end
  local id = whole(redis.call('INCR', ids_key))
  local deadline = whole((due or now) + tonumber(timeout_ms))
  if room_at then
    due = math.max(due or 0, room_at)
  end
  redis.call('HSET', prefix .. id, 'id', id, 'state', 'Queued', 'model', model,
    'priority', priority, 'fingerprint', fingerprint, 'tag', tag, 'owner', owner,
    'epoch', epoch, 'created_ms', whole(now), 'deadline_ms', deadline, 'attempt', '0',
    'crashes', '0', unpack(ARGV, first, following - 1))
  hold_bytes(deadlines_key, owner, id, bytes)
  known[ref], fingerprints[id] = id, fingerprint
  add(named, ref, id)
  add(deadlines, deadline, id)
  if limits then
    take(limits, requests_key, tokens_key, live_key, id, room_at or now, now)
    if room_at then
      -- What it takes is put right in the minute from which it was taken.
      redis.call('HSET', prefix .. id, 'accepted_ms', whole(room_at))
    end
  end
  if due then
    put_later(deadlines_key, owner, prefix .. id, id, due)
    if limits then
      -- It is none of the key's live jobs before it is due.
      redis.call('ZREM', live_key, id)
    end
  elseif flow then
    put_in_flow(flow, told, id, tonumber(deadline) - now)
  else
    put_in_line(id)
  end
  made = made + 1
  joining[made] = id
  return {'accepted', id}, following
end

local told, at = {}, FIRST_VALUE
for i, ref in ipairs(refs) do
  told[i], at = accept(ref, at)
  if told[i][1] ~= 'accepted' and told[i][1] ~= 'exists' then
    break
  end
end
if made > 0 then
  redis.call('MSET', unpack(named))
  redis.call('ZADD', deadlines_key, unpack(deadlines))
  redis.call('SADD', models_key, model)
  if group ~= '' then
    join_group(groups_key, owner, group, joining, now)
  end
end
put_in_waiting()
return told
