-- come_due: delayed jobs of one owner, queue and priority are due: put them in line, behind who waits there.
--
-- KEYS  1 jobs:later ZSET · 2 the owner's later ZSET · 3 jobs:place STRING
--       4-7 of their priority: message LIST · line ZSET · waiting ZSET · turns ZSET
--       8 the owner's waiting ZSET · 9 drain HASH · 10 jobs:gates SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 queue · 3 priority · 4 owner
--       5 widest window (messages) · 6 prefix of job keys · 7 prefix of the live ZSETs
--       8 '1' when their gate is another than that of the queue · 9 jobs:deadlines, from which the
--       keys of their flows are derived · 10… ids, the first due first
-- Returns how many were put in line
--
-- An older version may have cancelled one without taking it off here, or have had it tried again.
--
--! include clock
--! include push_message
--! include dispatch
--! include drain
--! include flows
local later_key, own_later_key, places_key, list_key, line_key, waiting_key, turns_key,
  own_waiting_key, drain_key, gates_key =
  unpack(KEYS, 1, 10)
local given_ms, queue, priority, owner, widest_window, jobs_prefix, live_prefix, has_own_gate,
  deadlines_key =
  unpack(ARGV, 1, 9)
local FIRST_ID = 10

local now = clock(given_ms)
local is_open = redis.call('SISMEMBER', gates_key, queue) == 0
local ids = {unpack(ARGV, FIRST_ID)}

-- Those of these that are due now; they leave the sets, whatever becomes of them.
local function leaving()
  local due_times, left = redis.call('ZMSCORE', later_key, unpack(ids)), {}
  local due = {}
  for i, id in ipairs(ids) do
    if due_times[i] and tonumber(due_times[i]) <= now then
      left[#left + 1] = id
      due[id] = due_times[i]
    end
  end
  if #left > 0 then
    redis.call('ZREM', later_key, unpack(left))
    redis.call('ZREM', own_later_key, unpack(left))
  end
  return left, due
end

-- The tiers of those that have one; and the owner's weight, if it has one.
local tiers, weight = {}, nil

-- Whether a job with a flow key may go into line; if not, it is parked.
local function enters_flow(id, key)
  local flow = flow_of(deadlines_key, owner, key, now)
  local job = redis.call('HMGET', jobs_prefix .. id, 'flow_limits', 'flow_place', 'deadline_ms')
  flow.set_limits(job[1], tonumber(job[3]) - now)
  return flow.enter(job[2], id, place_in(tiers[id], redis.call('INCR', places_key)))
end

-- Whether it still waited for this moment, and goes into line now.
local function is_due(id, due)
  local job = redis.call('HMGET', jobs_prefix .. id, 'state', 'run_after_ms', 'key_id', 'flow', 'tier',
    'weight')
  if job[1] ~= 'Queued' or job[2] ~= due then
    return false
  end
  redis.call('HSET', jobs_prefix .. id, 'queued_ms', due)
  if job[3] then
    redis.call('ZADD', live_prefix .. job[3], 'NX', 0, id)
  end
  tiers[id], weight = job[5] or nil, job[6] or weight
  return not job[4] or enters_flow(id, job[4])
end

local left, due_times = leaving()
local due_now = {}
for _, id in ipairs(left) do
  if is_due(id, due_times[id]) then
    due_now[#due_now + 1] = id
  end
end
if #due_now == 0 then
  return 0
end
if not is_open and has_own_gate == '1' then
  for _, id in ipairs(due_now) do
    push_message(list_key, line_key, places_key, queue, priority, 'workers.chat.run', id, false)
  end
  return #due_now
end
local place = redis.call('INCRBY', places_key, #due_now) - #due_now
local waiting, first = {}, math.huge
for i, id in ipairs(due_now) do
  local score = tiers[id] and place_in(tiers[id], place + i) or place + i
  first = math.min(first, tonumber(score))
  waiting[#waiting + 1] = score
  waiting[#waiting + 1] = id
end
redis.call('ZADD', waiting_key, unpack(waiting))
redis.call('ZADD', own_waiting_key, unpack(waiting))
owner_waits(turns_key, owner, whole(first), weight)
if is_open then
  dispatch(list_key, line_key, waiting_key, turns_key, places_key, queue, priority,
    window_of(drain_key, now, tonumber(widest_window)))
end
return #due_now
