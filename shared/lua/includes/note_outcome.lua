-- note_outcome(endpoint, outcome, now, limits)
--
-- Remember what an attempt told. outcome: answered | failed | timed_out | unreached | none.
-- `unreached` is all that speaks of the host: there was no connection to it. Of what an owner's
-- attempts told only the latest records are kept: paths and hosts can be made up without end.
-- Returns how many more attempts may go than the one that ended.
local MEMORY_MS = 86400000
local MOST_KNOWN = 1000

local function remember(endpoint, key, now)
  redis.call('PEXPIRE', key, MEMORY_MS)
  redis.call('ZADD', endpoint.known, whole(now), key)
  redis.call('PEXPIRE', endpoint.known, MEMORY_MS)
  for _, old in ipairs(redis.call('ZRANGE', endpoint.known, 0, -MOST_KNOWN - 1)) do
    redis.call('ZREM', endpoint.known, old)
    redis.call('DEL', old)
  end
end

local function count_failure(endpoint, key, now, limits)
  if redis.call('HINCRBY', key, 'fails', 1) >= limits.failures then
    redis.call('HSET', key, 'rest_until_ms', whole(now + limits.rest))
  end
  remember(endpoint, key, now)
end

local function note_outcome(endpoint, outcome, now, limits)
  if outcome == 'none' then
    return 0
  elseif outcome == 'unreached' then
    count_failure(endpoint, endpoint.host.key, now, limits)
    return 0
  end
  local more = 0
  if redis.call('DEL', endpoint.host.key) == 1 then
    redis.call('ZREM', endpoint.known, endpoint.host.key)
    more = limits.host
  end
  if outcome == 'answered' then
    local row = redis.call('HMGET', endpoint.key, 'proven', 'fails')
    redis.call('HSET', endpoint.key, 'proven', '1', 'fails', '0')
    remember(endpoint, endpoint.key, now)
    if row[1] ~= '1' or tonumber(row[2] or 0) >= limits.failures then
      more = math.max(more, limits.endpoint - 1)
    end
  else
    if outcome == 'timed_out' then
      redis.call('HSET', endpoint.key, 'proven', '0')
    end
    count_failure(endpoint, endpoint.key, now, limits)
  end
  return more
end
