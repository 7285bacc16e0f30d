-- let_in: let the parked jobs of a flow key go into their lines, as far as the key has room.
--
-- KEYS  1 jobs:deadlines ZSET, from which the flow's keys are derived · 2 jobs:place STRING
--       3 jobs:gates SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 owner · 3 flow key · 4 prefixes of keys (JSON: line,
--       waiting, turns, drain, job) · 5 widest window (messages) · 6 most jobs to let in
-- Returns how many were let in
--
-- A job goes to where it would stand had it never been parked: before what its owner queued later.
--
--! include clock
--! include push_message
--! include dispatch
--! include drain
--! include gates
--! include flows
local deadlines_key, places_key, gates_key = unpack(KEYS, 1, 3)
local given_ms, owner, key, prefixes_json, widest_window, most_text = unpack(ARGV, 1, 6)

local now, names = clock(given_ms), cjson.decode(prefixes_json)
local flow = flow_of(deadlines_key, owner, key, now)
flow.know_limits(nil, 0)
flow.heal(names.job)

-- A place is the list of a gate: what it says.
local function read(place)
  local gate, priority = string.match(place, '^(.-)\6\22(%d+)$')
  gate, priority = gate or place, priority or '0'
  local queue = string.match(gate, '^[^\30]*')
  return {queue = queue, priority = priority, list = list_of(queue, tonumber(priority)),
    has_own_gate = gate ~= queue, is_open = redis.call('SISMEMBER', gates_key, queue) == 0}
end

local function stand(place, id, score)
  local at = read(place)
  if not at.is_open and at.has_own_gate then
    push_message(at.list, names.line .. at.list, places_key, at.queue, at.priority,
      'workers.chat.run', id, false)
    return
  end
  redis.call('ZADD', names.waiting .. at.list, score, id)
  redis.call('ZADD', names.waiting .. at.list .. '\31' .. owner, score, id)
  owner_waits(names.turns .. at.list, owner, place_in(tier_of(score), redis.call('INCR', places_key)),
    redis.call('HGET', names.job .. id, 'weight'))
end

local let_in, by_place = flow.let_in(tonumber(most_text), names.job, stand)
for place in pairs(by_place) do
  local at = read(place)
  if at.is_open then
    dispatch(at.list, names.line .. at.list, names.waiting .. at.list, names.turns .. at.list,
      places_key, at.queue, at.priority,
      window_of(names.drain .. at.queue, now, tonumber(widest_window)))
  end
end
return let_in
