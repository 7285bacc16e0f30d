-- Jobs that are not to run before a moment of their own (`runAfter`), and wait for it apart from any line.
--
-- ZSETs of ids by due time, derived from jobs:deadlines: all; and those of each owner, to count them.
local function later_of(deadlines, owner)
  return deadlines .. ':later\31' .. owner
end

-- due_at(run_after, now): when a job is due, nil for one that is due at once.
-- run_after: '' | '+' and milliseconds from now | unix milliseconds.
local function due_at(run_after, now)
  if run_after == '' then
    return nil
  end
  local due = tonumber(run_after) + (string.sub(run_after, 1, 1) == '+' and now or 0)
  return due > now and due or nil
end

local function put_later(deadlines, owner, job_key, id, due)
  redis.call('HSET', job_key, 'run_after_ms', whole(due))
  redis.call('ZADD', deadlines .. ':later', whole(due), id)
  redis.call('ZADD', later_of(deadlines, owner), whole(due), id)
end
