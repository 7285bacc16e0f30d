-- The limits of a key: what it has taken, whether one more job fits, and taking it.
--
-- requests: ZSET of job ids by the time they were accepted; the last minute's.
-- tokens: HASH, unix second → tokens taken in it; the last minute's.
-- live: ZSET of the key's jobs that are not final; score 0: never started yet, 1: started.
-- month: HASH: tokens, cost_nanos.
local MINUTE_MS = 60000
-- Who never waits takes nothing of moments to come: what stands there was taken before the clock was
-- set back, by more than this.
local SET_BACK_MS = 5000

local function latest_for(limits, now)
  return limits.wait_secs and math.huge or now + SET_BACK_MS
end

-- How many live jobs are looked at for some that do not exist any more.
local LIVE_CHECKED = 200

local function requests_made(requests, now, latest)
  redis.call('ZREMRANGEBYSCORE', requests, '-inf', whole(now - MINUTE_MS))
  if latest < math.huge then
    redis.call('ZREMRANGEBYSCORE', requests, '(' .. whole(latest), '+inf')
  end
  return redis.call('ZCARD', requests)
end

-- Returns the sum, and the seconds in which something was taken, oldest first.
local function tokens_taken(tokens, now, latest)
  local row, sum, seconds = redis.call('HGETALL', tokens), 0, {}
  for i = 1, #row, 2 do
    local second = tonumber(row[i])
    if (second + 1) * 1000 <= now - MINUTE_MS or second * 1000 > latest then
      redis.call('HDEL', tokens, row[i])
    else
      sum = sum + tonumber(row[i + 1])
      seconds[#seconds + 1] = {second, tonumber(row[i + 1])}
    end
  end
  table.sort(seconds, function(a, b) return a[1] < b[1] end)
  return sum, seconds
end

-- When a second's tokens leave the last minute (ms from now).
local function leaves_in(second, now)
  return (second + 1) * 1000 + MINUTE_MS - now
end

-- Ends leave the set with their job's last move. This is for a job that was taken out of Redis.
local function live_jobs(live, most, job_prefix)
  local number = redis.call('ZCARD', live)
  if number >= most then
    for _, id in ipairs(redis.call('ZRANGE', live, 0, LIVE_CHECKED - 1)) do
      if redis.call('EXISTS', job_prefix .. id) == 0 then
        number = number - redis.call('ZREM', live, id)
      end
    end
  end
  return number
end

-- Of a key that waits, moments to come follow each other: each begins when another's minute is over. Those
-- behind a longer gap were taken before the clock was set back.
local function forgets_requests(requests, now)
  local next_one = redis.call('ZRANGEBYSCORE', requests, '(' .. whole(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return next_one[2] and tonumber(next_one[2]) > now + MINUTE_MS + SET_BACK_MS
    and redis.call('ZREMRANGEBYSCORE', requests, '(' .. whole(now), '+inf')
end

local function forgets_tokens(tokens, seconds, now)
  local ahead = {}
  for _, row in ipairs(seconds) do
    ahead[#ahead + 1] = row[1] * 1000 > now and row or nil
  end
  if not ahead[1] or ahead[1][1] * 1000 <= now + MINUTE_MS + SET_BACK_MS then
    return false
  end
  for _, row in ipairs(ahead) do
    redis.call('HDEL', tokens, whole(row[1]))
  end
  return true
end

-- When there is room by the limit of requests, or of tokens (ms from now); nil when there is now. What is
-- taken of moments to come counts: who waits comes behind those that wait already.
local function over_requests(limits, requests, now)
  local most = limits.requests_per_minute
  local made = most and requests_made(requests, now, latest_for(limits, now)) or 0
  if most and made >= most and forgets_requests(requests, now) then
    made = requests_made(requests, now, math.huge)
  end
  if most and made >= most then
    local row = redis.call('ZRANGE', requests, made - most, made - most, 'WITHSCORES')
    return tonumber(row[2]) + MINUTE_MS - now
  end
end

local function over_tokens(limits, tokens, now)
  local most, wait = limits.tokens_per_minute, nil
  if most then
    local sum, seconds = tokens_taken(tokens, now, latest_for(limits, now))
    if sum + limits.tokens > most and forgets_tokens(tokens, seconds, now) then
      sum, seconds = tokens_taken(tokens, now, math.huge)
    end
    for _, second in ipairs(seconds) do
      if sum + limits.tokens <= most then
        break
      end
      sum = sum - second[2]
      wait = leaves_in(second[1], now)
    end
  end
  return wait
end

local function over_minute(limits, requests, tokens, now)
  local wait = over_requests(limits, requests, now)
  if wait then
    return 'requests', wait
  end
  wait = over_tokens(limits, tokens, now)
  if wait then
    return 'tokens', wait
  end
end

-- When a job of a key that waits for its minute has room (unix ms); nil when it is not to wait so long.
local function waits_until(limits, exceeded, requests, tokens, longest_ms, now)
  if not limits.wait_secs or exceeded ~= 'requests' and exceeded ~= 'tokens' then
    return nil
  end
  local wait = math.max(over_requests(limits, requests, now) or 0, over_tokens(limits, tokens, now) or 0)
  return wait <= longest_ms and now + wait or nil
end

local function over_month(limits, month)
  local used = redis.call('HMGET', month, 'tokens', 'cost_nanos')
  local most = {limits.monthly_tokens, limits.monthly_cost_nanos}
  for i = 1, 2 do
    if most[i] and tonumber(used[i] or 0) >= most[i] then
      return true
    end
  end
  return false
end

-- find_exceeded(limits, requests, tokens, live, month, job_prefix, now): the limit that one more
-- job would exceed, and when there may be room again (ms, 0: unknown); nil when it fits.
local function find_exceeded(limits, requests, tokens, live, month, job_prefix, now)
  if over_month(limits, month) then
    return 'budget', 0
  end
  local most = limits.concurrent_jobs
  if most and live_jobs(live, most, job_prefix) >= most then
    return 'concurrent', 0
  end
  most = limits.queued_jobs
  if most and redis.call('ZCOUNT', live, 0, 0) >= most then
    return 'queued', 0
  end
  return over_minute(limits, requests, tokens, now)
end

-- What is taken of a minute to come lives until then.
local function keep_minute(key, ahead_ms)
  local lives_ms = 2 * MINUTE_MS + ahead_ms
  if redis.call('PTTL', key) < lives_ms then
    redis.call('PEXPIRE', key, whole(lives_ms))
  end
end

-- take(limits, requests, tokens, live, id, moment, now): a job takes what it needs, of the minute
-- before this moment: now, or when it has room.
local function take(limits, requests, tokens, live, id, moment, now)
  if limits.requests_per_minute then
    redis.call('ZADD', requests, whole(moment), id)
    keep_minute(requests, moment - now)
  end
  if limits.tokens_per_minute then
    redis.call('HINCRBY', tokens, whole(math.floor(moment / 1000)), whole(limits.tokens))
    keep_minute(tokens, moment - now)
  end
  redis.call('ZADD', live, 0, id)
end

-- charge(tokens, month, created, reserved, used, cost, lives, now): put what the job took in the
-- place of what was guessed at accept. What it took less is given back while that still counts.
local function charge(tokens, month, created, reserved, used, cost, lives, now)
  local more = used - reserved
  local counts = now - created < MINUTE_MS
  if more ~= 0 and (counts or more > 0) then
    local second = math.floor((counts and created or now) / 1000)
    redis.call('HINCRBY', tokens, whole(second), whole(more))
    keep_minute(tokens, 0)
  end
  redis.call('HINCRBY', month, 'tokens', whole(used))
  redis.call('HINCRBY', month, 'cost_nanos', whole(cost))
  redis.call('PEXPIRE', month, lives)
end
