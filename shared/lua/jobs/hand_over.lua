-- hand_over: give a provider's free slots to the jobs that wait for them at closed gates.
--
-- KEYS  1 its slots ZSET · 2 its rates HASH · 3 its gates ZSET · 4 jobs:gates SET
--       5 jobs:place STRING · 6 HASH of the job whose slot is given back, if one is
--       The keys of the jobs that wait are made of the gates' names and ARGV[6].
-- ARGV  1 now (ms, 0: the server's clock) · 2 id whose slot is given back first ('' for none)
--       3 tokens that its call took · 4 limits (JSON: limit, rpm, tpm; shut: no bulk job goes there now)
--       5 lease (ms)
--       6 prefixes of keys (JSON: line, waiting, turns) · 7 how long a slot is reserved (ms)
--       8 most jobs to let in when nothing is limited
--       9 attempt that gives its slot back
-- Returns how many were let in
--
-- The slot is reserved under the job's id: nobody who comes later can take it from the job. Should
-- the job not come, its reservation ends like the lease of a worker that died. An attempt that was
-- lost and comes back gives nothing back: the slot is that of the attempt after it.
--
--! include clock
--! include push_message
--! include dispatch
--! include slots
--! include gates
local slots_key, rates_key, gates_of_provider, gates_key, places_key, job_key = unpack(KEYS, 1, 6)
local given_ms, given_back, tokens, limits_json, lease_ms, prefixes_json, reserved_ms, most, attempt =
  unpack(ARGV, 1, 9)

local now = clock(given_ms)
local limits, names = cjson.decode(limits_json), cjson.decode(prefixes_json)
local is_its_own = given_back ~= '' and redis.call('HGET', job_key, 'attempt') == attempt
if is_its_own and redis.call('ZREM', slots_key, given_back) == 1 then
  draw(rates_key, 'tokens', limits.tpm, now, tonumber(tokens))
end
if redis.call('EXISTS', gates_of_provider) == 0 then
  return 0
end
sweep(slots_key, now, tonumber(lease_ms))

-- Bulk jobs wait for a provider that is shut, not for a slot, and must be in nobody's way. Those of a queue
-- have messages again, which workers leave in their list; those of other gates stay there.
local function is_left(priority)
  return limits.shut and priority == BULK
end

-- The gate whose turn it is, among those with the best priority.
local function next_gate()
  local best, best_priority
  for _, gate in ipairs(redis.call('ZRANGE', gates_of_provider, 0, -1)) do
    local priority = redis.call('SISMEMBER', gates_key, gate) == 1 and first_priority(gate, names)
    if not priority or is_left(priority) and not string.find(gate, '\30', 1, true) then
      redis.call('ZREM', gates_of_provider, gate)
      redis.call('SREM', gates_key, gate)
    elseif not is_left(priority) and (not best or priority < best_priority) then
      best, best_priority = gate, priority
    end
  end
  return best
end

local let_in, limited = 0, is_limited(limits)
while limited and has_room(limits, slots_key, rates_key, now)
  or not limited and let_in < tonumber(most) do
  local gate = next_gate()
  if not gate then
    break
  end
  local id = let_one_in(gate, names, places_key)
  -- None when all of an owner were cancelled while it waited for its turn.
  if id then
    redis.call('ZADD', gates_of_provider, redis.call('INCR', places_key), gate)
    if limited then
      take_slot(limits, slots_key, rates_key, now, now + tonumber(reserved_ms), id)
    end
    let_in = let_in + 1
  end
end
-- Nobody waits any more: who comes next finds the gate open.
next_gate()
return let_in
