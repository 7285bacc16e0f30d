-- hand_over: give a provider's free slots to the jobs that wait for them at closed gates.
--
-- KEYS  1 its slots ZSET · 2 its rates HASH · 3 its gates ZSET · 4 jobs:gates SET
--       5 jobs:place STRING · 6 HASH of the job whose slot is given back, if one is
--       The keys of the jobs that wait are made of the gates' names and ARGV[6].
-- ARGV  1 now (ms, 0: the server's clock) · 2 id whose slot is given back first ('' for none)
--       3 tokens that its call took · 4 limits (JSON: limit, rpm, tpm) · 5 lease (ms)
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
local now = clock(ARGV[1])
local limits, names = cjson.decode(ARGV[4]), cjson.decode(ARGV[6])
local is_its_own = ARGV[2] ~= '' and redis.call('HGET', KEYS[6], 'attempt') == ARGV[9]
if is_its_own and redis.call('ZREM', KEYS[1], ARGV[2]) == 1 then
  draw(KEYS[2], 'tokens', limits.tpm, now, tonumber(ARGV[3]))
end
if redis.call('EXISTS', KEYS[3]) == 0 then
  return 0
end
sweep(KEYS[1], now, tonumber(ARGV[5]))

-- The gate whose turn it is, among those with the best priority.
local function next_gate()
  local best, best_priority
  for _, gate in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
    local priority = redis.call('SISMEMBER', KEYS[4], gate) == 1 and first_priority(gate, names)
    if not priority then
      redis.call('ZREM', KEYS[3], gate)
      redis.call('SREM', KEYS[4], gate)
    elseif not best or priority < best_priority then
      best, best_priority = gate, priority
    end
  end
  return best
end

local let_in, limited = 0, is_limited(limits)
while limited and has_room(limits, KEYS[1], KEYS[2], now)
  or not limited and let_in < tonumber(ARGV[8]) do
  local gate = next_gate()
  if not gate then
    break
  end
  local id = let_one_in(gate, names, KEYS[5])
  -- None when all of an owner were cancelled while it waited for its turn.
  if id then
    redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[5]), gate)
    if limited then
      take_slot(limits, KEYS[1], KEYS[2], now, now + tonumber(ARGV[7]), id)
    end
    let_in = let_in + 1
  end
end
-- Nobody waits any more: who comes next finds the gate open.
next_gate()
return let_in
