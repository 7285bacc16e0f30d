-- limits_of_key(limits, requests, tokens, live, month, now): what a key has taken of its limits.
--
-- limits: {requests_per_minute, tokens_per_minute, wait_secs, concurrent_jobs, queued_jobs,
--   monthly_tokens, monthly_cost_nanos, each nil for none · tokens: what the next job will take}
-- requests: ZSET of job ids by the time they were accepted; the last minute's.
-- tokens: HASH, unix second → tokens taken in it; the last minute's.
-- live: ZSET of the key's jobs that are not final; score 0: never started yet, 1: started.
-- month: HASH: tokens, cost_nanos.
--
-- One function that makes the others: a job of a key without limits pays for none of them.
local function limits_of_key(limits, requests, tokens, live, month, now)
  local MINUTE_MS = 60000
  -- Who never waits takes nothing of moments to come: what stands there was taken before the clock was
  -- set back, by more than this.
  local SET_BACK_MS = 5000
  -- How many live jobs are looked at for some that do not exist any more.
  local LIVE_CHECKED = 200
  local key = {}

  local function latest_counted()
    return limits.wait_secs and math.huge or now + SET_BACK_MS
  end

  local function requests_made(latest)
    redis.call('ZREMRANGEBYSCORE', requests, '-inf', whole(now - MINUTE_MS))
    if latest < math.huge then
      redis.call('ZREMRANGEBYSCORE', requests, '(' .. whole(latest), '+inf')
    end
    return redis.call('ZCARD', requests)
  end

  -- Returns the sum, and the seconds in which something was taken, oldest first.
  local function tokens_taken(latest)
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
  local function leaves_in(second)
    return (second + 1) * 1000 + MINUTE_MS - now
  end

  -- Ends leave the set with their job's last move. This is for a job that was taken out of Redis.
  local function live_jobs(most, job_prefix)
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

  -- Of a key that waits, moments to come follow each other: each begins when another's minute is over.
  -- Those behind a longer gap were taken before the clock was set back.
  local function forgets_requests()
    local next_one =
      redis.call('ZRANGEBYSCORE', requests, '(' .. whole(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    return next_one[2] and tonumber(next_one[2]) > now + MINUTE_MS + SET_BACK_MS
      and redis.call('ZREMRANGEBYSCORE', requests, '(' .. whole(now), '+inf')
  end

  local function forgets_tokens(seconds)
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

  -- When there is room by the limit of requests, or of tokens (ms from now); nil when there is now. What
  -- is taken of moments to come counts: who waits comes behind those that wait already.
  local function over_requests()
    local most = limits.requests_per_minute
    local made = most and requests_made(latest_counted()) or 0
    if most and made >= most and forgets_requests() then
      made = requests_made(math.huge)
    end
    if most and made >= most then
      local row = redis.call('ZRANGE', requests, made - most, made - most, 'WITHSCORES')
      return tonumber(row[2]) + MINUTE_MS - now
    end
  end

  local function over_tokens()
    local most, wait = limits.tokens_per_minute, nil
    if most then
      local sum, seconds = tokens_taken(latest_counted())
      if sum + limits.tokens > most and forgets_tokens(seconds) then
        sum, seconds = tokens_taken(math.huge)
      end
      for _, second in ipairs(seconds) do
        if sum + limits.tokens <= most then
          break
        end
        sum = sum - second[2]
        wait = leaves_in(second[1])
      end
    end
    return wait
  end

  local function over_month()
    local used = redis.call('HMGET', month, 'tokens', 'cost_nanos')
    local most = {limits.monthly_tokens, limits.monthly_cost_nanos}
    for i = 1, 2 do
      if most[i] and tonumber(used[i] or 0) >= most[i] then
        return true
      end
    end
    return false
  end

  -- What is taken of a minute to come lives until then.
  local function keep_minute(key_of_minute, ahead_ms)
    local lives_ms = 2 * MINUTE_MS + ahead_ms
    if redis.call('PTTL', key_of_minute) < lives_ms then
      redis.call('PEXPIRE', key_of_minute, whole(lives_ms))
    end
  end

  -- What was taken in the last minute: requests, until all of them are over (ms), and tokens alike.
  function key.taken()
    local made, made_reset = requests_made(math.huge), 0
    if made > 0 then
      made_reset = tonumber(redis.call('ZRANGE', requests, -1, -1, 'WITHSCORES')[2]) + MINUTE_MS - now
    end
    local sum, seconds = tokens_taken(math.huge)
    local last = seconds[#seconds]
    return made, made_reset, sum, last and leaves_in(last[1]) or 0
  end

  -- The limit that one more job would exceed, and when there may be room again (ms, 0: unknown); nil
  -- when it fits.
  function key.find_exceeded(job_prefix)
    if over_month() then
      return 'budget', 0
    end
    local most = limits.concurrent_jobs
    if most and live_jobs(most, job_prefix) >= most then
      return 'concurrent', 0
    end
    most = limits.queued_jobs
    if most and redis.call('ZCOUNT', live, 0, 0) >= most then
      return 'queued', 0
    end
    local wait = over_requests()
    if wait then
      return 'requests', wait
    end
    wait = over_tokens()
    if wait then
      return 'tokens', wait
    end
  end

  -- When a job of a key that waits for its minute has room (unix ms); nil when it is not to wait so long.
  function key.waits_until(exceeded, longest_ms)
    if not limits.wait_secs or exceeded ~= 'requests' and exceeded ~= 'tokens' then
      return nil
    end
    local wait = math.max(over_requests() or 0, over_tokens() or 0)
    return wait <= longest_ms and now + wait or nil
  end

  -- A job takes what it needs, of the minute before this moment: now, or when it has room.
  function key.take(id, moment)
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

  -- Put what the job took in the place of what was guessed when it was accepted. What it took less is
  -- given back while that still counts.
  function key.charge(created, reserved, used, cost, lives_ms)
    local more = used - reserved
    local counts = now - created < MINUTE_MS
    if more ~= 0 and (counts or more > 0) then
      local second = math.floor((counts and created or now) / 1000)
      redis.call('HINCRBY', tokens, whole(second), whole(more))
      keep_minute(tokens, 0)
    end
    redis.call('HINCRBY', month, 'tokens', whole(used))
    redis.call('HINCRBY', month, 'cost_nanos', whole(cost))
    redis.call('PEXPIRE', month, lives_ms)
  end

  return key
end
