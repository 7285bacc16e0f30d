-- What the requests of an owner's jobs take that have no result yet, in bytes.
--
-- A HASH of each owner, derived from jobs:deadlines, which has just these jobs: id → bytes; 'all':
-- their sum; 'cursor': where the last look stopped. Each job gives back what it was counted with, and
-- only once: one that a process accepted which does not count has no field, and gives nothing back.
-- How many jobs are looked at, when there is no room, for such that hold none any more.
local BYTES_CHECKED = 100

local function hold_bytes(deadlines, owner, id, size)
  local key = deadlines .. ':bytes:' .. owner
  redis.call('HSET', key, id, size)
  redis.call('HINCRBY', key, 'all', size)
end

local function release_bytes(deadlines, owner, id)
  local key = deadlines .. ':bytes:' .. owner
  local size = redis.call('HGET', key, id)
  if size then
    redis.call('HDEL', key, id)
    if redis.call('HINCRBY', key, 'all', '-' .. size) <= 0 then
      redis.call('DEL', key)
    end
  end
end

-- The end of a job gives its bytes back. This is for those that a process ended which does not
-- count, or that were taken out of Redis.
local function release_ended(deadlines, owner, job_prefix)
  local key = deadlines .. ':bytes:' .. owner
  local cursor = redis.call('HGET', key, 'cursor') or '0'
  local seen = redis.call('HSCAN', key, cursor, 'COUNT', BYTES_CHECKED)
  redis.call('HSET', key, 'cursor', seen[1])
  for i = 1, #seen[2], 2 do
    local id = seen[2][i]
    if id ~= 'all' and id ~= 'cursor' then
      local state = redis.call('HGET', job_prefix .. id, 'state')
      if state ~= 'Queued' and state ~= 'Started' then
        release_bytes(deadlines, owner, id)
      end
    end
  end
end

-- lacks_bytes(deadlines, owner, size, most, job_prefix): whether so many bytes more are too many.
local function lacks_bytes(deadlines, owner, size, most, job_prefix)
  local key = deadlines .. ':bytes:' .. owner
  local room = most - size
  if tonumber(redis.call('HGET', key, 'all') or 0) <= room then
    return false
  end
  if redis.call('EXISTS', key) == 1 then
    release_ended(deadlines, owner, job_prefix)
  end
  return tonumber(redis.call('HGET', key, 'all') or 0) > room
end
