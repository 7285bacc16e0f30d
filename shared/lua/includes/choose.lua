-- choose(candidates, first, job, id, now, lease, again)
--
-- Take the first candidate that may be called and has room, and a slot of it.
--
-- candidates: best first, as `Candidate` in `shared/queues/candidates.py` writes them.
-- first: where the keys of the first candidate begin (see `slots_of`).
-- job: {pin, forced, failed, operation}; failed: names between separators (31).
-- again: whether one that has failed this job may be asked again.
-- Returns the candidate's index | 0 and those to wait for | -1 when nobody could ever answer
-- The keys of the i-th candidate: its slots ZSET · its rates HASH · its gates ZSET.
local function slots_of(first, i)
  local at = first + 3 * (i - 1)
  return unpack(KEYS, at, at + 2)
end

local function choose(candidates, first, job, id, now, lease, again)
  local able, to_wait_for, anybody_online = {}, {}, false
  for i, one in ipairs(candidates) do
    local named = job.pin == '' or job.pin == one.name
    if named and string.find(one.operations, ' ' .. job.operation .. ' ', 1, true) then
      table.insert(able, i)
      anybody_online = anybody_online or one.usable == 2
    end
  end
  if #able == 0 then
    return -1, {}
  end
  local function try(i)
    local one = candidates[i]
    if not is_limited(one) then
      return true
    end
    local slots, rates = slots_of(first, i)
    sweep(slots, now, lease)
    -- A slot may be reserved for it, or be left from an attempt that was lost.
    if redis.call('ZSCORE', slots, id) or has_room(one, slots, rates, now) then
      take_slot(one, slots, rates, now, now + lease, id)
      return true
    end
    return false
  end
  for _, may_have_failed in ipairs(again and {false, true} or {false}) do
    for _, i in ipairs(able) do
      local one = candidates[i]
      local failed = string.find(job.failed, '\31' .. one.name .. '\31', 1, true) ~= nil
      local usable = job.forced or one.usable == 2 or (again and not anybody_online and one.usable == 1)
      if usable and failed == may_have_failed then
        if try(i) then
          return i, {}
        end
        table.insert(to_wait_for, i)
      end
    end
  end
  return 0, to_wait_for
end
