-- What the requests of an owner's jobs take that have no result yet, in bytes.
--
-- A HASH of each owner, derived from jobs:deadlines, which has just these jobs: id → bytes; 'all':
-- their sum; 'cursor': where the last look stopped. Each job gives back what it was counted with, and
-- only once: one that a process accepted which does not count has no field, and gives nothing back.
-- How many jobs are looked at, when there is no room, for such that hold none any more.
local BYTES_CHECKED = 100

-- held: what `bytes_held` returned just before.
local function hold_bytes(deadlines, owner, id, size, held)
  redis.call('HSET', deadlines .. ':bytes:' .. owner, id, size, 'all', whole(held + size))
end

local function release_bytes(deadlines, owner, id)
  local key = deadlines .. ':bytes:' .. owner
  local row = redis.call('HMGET', key, id, 'all')
  local size, all = row[1], row[2]
  if size and tonumber(all) - size <= 0 then
    redis.call('DEL', key)
  elseif size then
    redis.call('HDEL', key, id)
    redis.call('HINCRBY', key, 'all', '-' .. size)
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

-- bytes_held(deadlines, owner, size, most, job_prefix): how many bytes are held; nil when so many more
-- are too many.
local function bytes_held(deadlines, owner, size, most, job_prefix)
  local key = deadlines .. ':bytes:' .. owner
  local room = most - size
  local held = tonumber(redis.call('HGET', key, 'all') or 0)
  if held > room and redis.call('EXISTS', key) == 1 then
    release_ended(deadlines, owner, job_prefix)
    held = tonumber(redis.call('HGET', key, 'all') or 0)
  end
  return held <= room and held or nil
end
