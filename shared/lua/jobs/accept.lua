-- accept: make jobs of one owner and model and put them in line, in their order, up to the first that
-- is refused or all that are not; or find the jobs that their RefIds made before.
--
-- KEYS  1 jobs:id STRING, from which its ledger HASH is derived
--       2 jobs:models SET · 3 jobs:deadlines ZSET · 4 drain HASH
--       5-10 of the jobs' priority: message LIST · line ZSET · waiting ZSET · turns ZSET
--            · jobs:place STRING · the owner's waiting ZSET
--       11-13 all lines ZSETs of the model · 14-16 all waiting ZSETs of it
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
--       19 jobs:groups · 20 whether those behind one that is refused are looked at ('' for not)
--       then of each job: time to the deadline (ms) · fingerprint · tag ('' for none) · bytes of the
--       request · tokens it will take · not to run before ('' for none; see includes/later.lua)
--       · its flow (JSON: key, limits, place; '' for none; see includes/flows.lua)
--       · how many values follow · … more field, value pairs
-- Returns of each job {'accepted', id} | {'exists', id}; or why there is none:
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
local FIRST_LINE, LAST_LINE, FIRST_WAITING, LAST_WAITING = 11, 13, 14, 16
local FIRST_OF_OWNER, LAST_OF_OWNER, FIRST_OF_GATE = 17, 19, 21
local FIRST_VALUE = 21
local gates_key = KEYS[20]
local given_ms, prefix, model, queue, priority, widest_window, queue_limit, owner_limit, owner,
  limits_json, most_bytes, count_text, later_limit, flows_limit, tier, weight, group, group_limit,
  groups_key, goes_on =
  unpack(ARGV, 1, 20)

local function size(first, last)
  local sum = 0
  for i = first, last do
    sum = sum + redis.call('ZCARD', KEYS[i])
  end
  return sum
end

-- The same of ZSETs that mostly are not there.
local function size_if_any(first, last)
  return redis.call('EXISTS', unpack(KEYS, first, last)) > 0 and size(first, last) or 0
end

local function add(rows, first, second)
  rows[#rows + 1] = first
  rows[#rows + 1] = second
end

-- The functions below share one table, `all`: what the jobs have in common. A variable that functions
-- share costs each run a search of all that are shared already.
local function put_in_waiting(all)
  if #all.waiting > 0 then
    redis.call('ZADD', all.waiting_key, unpack(all.waiting))
    redis.call('ZADD', all.own_waiting_key, unpack(all.waiting))
    owner_waits(all.turns_key, all.owner, all.waiting[1], all.weight ~= '' and all.weight)
    all.waiting = {}
  end
end

-- How many of the owner's jobs wait: what the jobs of this call have no place in yet among them.
local function waiting_of_owner(all)
  return size(FIRST_OF_OWNER, LAST_OF_OWNER) + #all.waiting / 2
end

local function next_place(all)
  local place = redis.call('INCR', all.places_key)
  return all.tier == '' and place or place_in(all.tier, place)
end

local function put_in_line(all, id)
  -- A closed gate of the queue does not hold up jobs that have one of their own.
  if all.is_open and all.messages < all.window and not all.somebody_waits
    or not all.is_open and all.has_own_gate then
    push_message(all.list_key, all.line_key, all.places_key, all.queue, all.priority,
      'workers.chat.run', id, false)
    all.messages = all.messages + 1
    all.in_line = all.in_line + 1
    return
  end
  add(all.waiting, next_place(all), id)
  all.in_line, all.somebody_waits = all.in_line + 1, true
  if all.is_open and all.messages < all.window then
    put_in_waiting(all)
    dispatch(all.list_key, all.line_key, all.waiting_key, all.turns_key, all.places_key, all.queue,
      all.priority, all.window)
    all.messages = redis.call('LLEN', all.list_key)
    all.somebody_waits = redis.call('EXISTS', all.waiting_key) == 1
  end
end

local function refused_at(all, why, number)
  return {why, tostring(number), tostring(drain_rate(all.drain_key, all.now))}
end

-- Why a job with a flow key has no room with it; nil when it has.
local function flow_refusal(all, flow)
  local why, number = flow.refusal(all.flows_limit, all.owner_limit)
  return why and refused_at(all, why, number)
end

-- Why the key's limits have no room for one more job; nil when they have: and when, if it waits for them.
local function limits_refusal(all, timeout_ms)
  local exceeded, wait = all.key.find_exceeded(all.prefix)
  if not exceeded then
    return nil
  end
  local longest_ms = all.priority == '0' and 1000 * (all.limits.wait_secs or 0) or timeout_ms
  local room_at = all.key.waits_until(exceeded, longest_ms)
  if not room_at then
    return {'limited', whole(wait), exceeded}
  end
  if redis.call('ZCARD', later_of(all.deadlines_key, all.owner)) >= all.later_limit then
    return {'later_full', whole(all.later_limit), '0'}
  end
  return nil, room_at
end

-- Why there is no room for one more job; nil when there is: and when, if it waits for its key's limits.
local function refusal(all, bytes, due, timeout_ms)
  local kept_out = all.group ~= ''
    and group_refusal(all.groups_key, group_of(all.owner, all.group), #all.made + 1, all.group_limit)
  if kept_out then
    return {kept_out, '0', '0'}
  end
  local delayed = due and redis.call('ZCARD', later_of(all.deadlines_key, all.owner))
  if due and delayed >= all.later_limit then
    return {'later_full', tostring(delayed), '0'}
  end
  if not due and all.in_line >= all.queue_limit then
    return refused_at(all, 'full', all.in_line)
  end
  -- They are among those in line.
  local waiting = not due and all.in_line >= all.owner_limit and waiting_of_owner(all)
  if waiting and waiting >= all.owner_limit then
    return refused_at(all, 'owner_full', waiting)
  end
  all.held = bytes_held(all.deadlines_key, all.owner, bytes, all.most_bytes, all.prefix)
  if not all.held then
    return refused_at(all, 'bytes_full', waiting_of_owner(all))
  end
  if all.limits then
    return limits_refusal(all, timeout_ms)
  end
end

-- The last job that comes says how many of its key may run.
local function put_in_flow(all, flow, told, id, left_ms)
  flow.set_limits(told.limits, left_ms)
  if flow.enter(told.place, id, next_place(all)) then
    put_in_line(all, id)
  end
end

-- Take what the job needs, of the minute in which it has room.
local function take_room(all, id, room_at)
  all.key.take(id, room_at or all.now)
  if room_at then
    -- What it takes is put right in the minute from which it was taken.
    redis.call('HSET', all.prefix .. id, 'accepted_ms', whole(room_at))
  end
end

local function put_aside(all, id, due)
  put_later(all.deadlines_key, all.owner, all.prefix .. id, id, due)
  if all.limits then
    -- It is none of the key's live jobs before it is due.
    redis.call('ZREM', all.live_key, id)
  end
end

-- Returns what became of the job that this RefId names, whose values begin at ARGV[at]; and where
-- the values of the next one begin.
local function accept(all, ref, at)
  local timeout_ms, fingerprint, tag, bytes, tokens, run_after, flow_json, more = unpack(ARGV, at, at + 7)
  local first, now = at + 8, all.now
  local following = first + more
  local before = all.known[ref]
  if before and all.fingerprints[before] then
    return {all.fingerprints[before] == fingerprint and 'exists' or 'conflict', before}, following
  end
  if not all.epoch then
    return {'unborn', '0'}, following
  end
  if all.limits then
    all.limits.tokens = tonumber(tokens)
  end
  local due = due_at(run_after, now)
  local told = flow_json ~= '' and cjson.decode(flow_json)
  local flow = told and flow_of(all.deadlines_key, all.owner, told.key, now)
  local refused, room_at = refusal(all, tonumber(bytes), due, tonumber(timeout_ms))
  refused = refused or flow and not due and flow_refusal(all, flow)
  if refused then
    return refused, following
  end
  local id = whole(redis.call('INCR', all.ids_key))
  local deadline = whole((due or now) + tonumber(timeout_ms))
  if room_at then
    due = math.max(due or 0, room_at)
  end
  redis.call('HSET', all.prefix .. id, 'id', id, 'state', 'Queued', 'model', all.model,
    'priority', all.priority, 'fingerprint', fingerprint, 'tag', tag, 'owner', all.owner,
    'epoch', all.epoch, 'created_ms', whole(now), 'deadline_ms', deadline, 'attempt', '0',
    'crashes', '0', unpack(ARGV, first, following - 1))
  hold_bytes(all.deadlines_key, all.owner, id, bytes, all.held)
  all.known[ref], all.fingerprints[id] = id, fingerprint
  add(all.named, ref, id)
  add(all.deadlines, deadline, id)
  if all.limits then
    take_room(all, id, room_at)
  end
  if due then
    put_aside(all, id, due)
  elseif flow then
    put_in_flow(all, flow, told, id, tonumber(deadline) - now)
  else
    put_in_line(all, id)
  end
  all.made[#all.made + 1] = id
  return {'accepted', id}, following
end

local now = clock(given_ms)
local limits = limits_json ~= '' and cjson.decode(limits_json)
local last_but_refs = #KEYS - tonumber(count_text)
local last_of_gate = limits and last_but_refs - 4 or last_but_refs
local refs = {unpack(KEYS, last_but_refs + 1)}
local waiting = size_if_any(FIRST_WAITING, LAST_WAITING)
local all = {
  now = now, prefix = prefix, epoch = redis.call('HGET', ids_key .. ':ledger', 'epoch'),
  ids_key = ids_key, deadlines_key = deadlines_key, drain_key = drain_key, places_key = places_key,
  model = model, queue = queue, priority = priority, tier = tier,
  owner = owner, weight = weight, limits = limits,
  list_key = list_key, line_key = line_key, turns_key = turns_key,
  waiting_key = waiting_key, own_waiting_key = own_waiting_key,
  queue_limit = tonumber(queue_limit), owner_limit = tonumber(owner_limit),
  most_bytes = tonumber(most_bytes), later_limit = tonumber(later_limit),
  flows_limit = tonumber(flows_limit),
  group = group, group_limit = group_limit, groups_key = groups_key,
  has_own_gate = last_of_gate >= FIRST_OF_GATE,
  is_open = redis.call('SISMEMBER', gates_key, queue) == 0,
  in_line = waiting + size(FIRST_LINE, LAST_LINE) + size(FIRST_OF_GATE, last_of_gate),
  window = window_of(drain_key, now, tonumber(widest_window)),
  messages = redis.call('LLEN', list_key),
  somebody_waits = waiting > 0 and redis.call('EXISTS', waiting_key) == 1,
  -- Which job each RefId names, and with which fingerprint; those of these jobs are added.
  known = {}, fingerprints = {},
  -- What is written at once, when all jobs have been looked at.
  named = {}, deadlines = {}, waiting = {}, made = {},
}
if limits then
  local requests_key, tokens_key, live_key, month_key =
    unpack(KEYS, last_of_gate + 1, last_but_refs)
  all.live_key = live_key
  all.key = limits_of_key(limits, requests_key, tokens_key, live_key, month_key, now)
end
for i, id in ipairs(redis.call('MGET', unpack(refs))) do
  if id then
    all.known[refs[i]] = id
    all.fingerprints[id] = redis.call('HGET', prefix .. id, 'fingerprint')
  end
end

local told, at = {}, FIRST_VALUE
for i, ref in ipairs(refs) do
  told[i], at = accept(all, ref, at)
  if goes_on == '' and told[i][1] ~= 'accepted' and told[i][1] ~= 'exists' then
    break
  end
end
if #all.made > 0 then
  redis.call('MSET', unpack(all.named))
  redis.call('ZADD', deadlines_key, unpack(all.deadlines))
  redis.call('SADD', models_key, model)
  if group ~= '' then
    join_group(groups_key, owner, group, all.made, now)
  end
end
put_in_waiting(all)
return told
