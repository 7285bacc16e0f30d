-- Gates: where jobs wait that found no slot, and no provider. A gate is a queue; or a queue and a
-- provider that its jobs are pinned to, or an operation that they are, as `shared/queues/gates.py` names
-- them. While it is closed, no message of its jobs is in the list but those that were handed a slot.
--
-- It has the same `waiting` and `turns` as a queue has behind its window: the jobs of the queue
-- itself wait where they came from. names: {line, waiting, turns}, the prefixes of those keys.

local PRIORITY_STEPS = {0, 5, 9}
local BULK = 9

local function list_of(queue, priority)
  return priority == 0 and queue or queue .. '\6\22' .. priority
end

local function gate_of(queue, pin, operation)
  if pin ~= '' then
    return queue .. '\30' .. pin
  end
  return operation == 'chat' and queue or queue .. '\30\30' .. operation
end

-- Put a job back in line, before those of its tier that have never had a turn, in the order of ids.
local function wait_at(gate, names, priority, owner, id, gates, tier, weight)
  local list, place = list_of(gate, priority), place_in(tier, tonumber(id) - 1e15)
  redis.call('ZADD', names.waiting .. list, place, id)
  redis.call('ZADD', names.waiting .. list .. '\31' .. owner, place, id)
  owner_waits(names.turns .. list, owner, place, weight)
  redis.call('SADD', gates, gate)
end

local function leave_gate(gate, names, priority, owner, id)
  local list = list_of(gate, priority)
  redis.call('ZREM', names.waiting .. list, id)
  redis.call('ZREM', names.waiting .. list .. '\31' .. owner, id)
end

-- Push the message of the next job of a gate: interactive first, owners in turn. Returns its id.
local function let_one_in(gate, names, places)
  local queue = string.match(gate, '^[^\30]*')
  for _, priority in ipairs(PRIORITY_STEPS) do
    local own = list_of(gate, priority)
    local id = next_in_turn(names.waiting .. own, names.turns .. own, places)
    if id then
      local list = list_of(queue, priority)
      push_message(list, names.line .. list, places, queue, priority, 'workers.chat.run', id, false)
      return id
    end
  end
end

-- The best priority that waits at a gate; nil when nobody does.
local function first_priority(gate, names)
  for _, priority in ipairs(PRIORITY_STEPS) do
    if redis.call('EXISTS', names.turns .. list_of(gate, priority)) == 1 then
      return priority
    end
  end
end
