-- flow_of(deadlines, owner, key, now): an owner's flow key: at most so many of its jobs run at once, and
-- so many begin in a while.
--
-- Needs includes/clock.lua. All of it is derived from jobs:deadlines and lives an hour longer than the
-- last of its jobs may. A flow's name is the owner, the separator (31) and the key.
--   :flow(31)name  HASH: most, rate, period_ms: the limits (0: none); healed_ms. With a suffix:
--     running ZSET of ids that are Started · begun ZSET of attempts by when they began, those of the
--     last period · places SET of where its jobs stand or are to stand, a gate's list (see
--     includes/gates.lua) · ahead ZSET, one a place, of ids that stand there · parked ZSET, one a
--     place, of ids by their place in line that have no room yet
--   :parked        ZSET of all ids that are parked; with the separator and an owner: that owner's
--   :flows         ZSET of the flows that have parked ids, by when to look at them again
--   :flows(31)owner ZSET of the keys that an owner has, by when they go
--
-- Whether a job has its room in the flow follows from its state alone, and changes in the step that
-- changes that: so it comes back with the lease of a worker that died.
--
-- One function that makes the others: a job without a flow key pays for none of them.
local function flow_of(deadlines, owner, key, now)
  local LOOK_MS, GRACE_MS, CHECKED = 10000, 3600000, 200
  local name = owner .. '\31' .. key
  local base = deadlines .. ':flow\31' .. name
  local running, begun, places = base .. '\31running', base .. '\31begun', base .. '\31places'
  local ahead, parked = base .. '\31ahead\31', base .. '\31parked\31'
  local due, of_owner = deadlines .. ':flows', deadlines .. ':flows\31' .. owner
  local all_parked, own_parked = deadlines .. ':parked', deadlines .. ':parked\31' .. owner
  local flow, limits = {name = name, due = due}, nil

  local function keep(key_to_keep, lives_ms)
    local left = redis.call('PTTL', key_to_keep)
    if left ~= -2 and left < lives_ms then
      redis.call('PEXPIRE', key_to_keep, whole(lives_ms))
    end
  end

  local function lives()
    return math.max(GRACE_MS, redis.call('PTTL', base))
  end

  local function read_limits()
    local row = redis.call('HMGET', base, 'most', 'rate', 'period_ms', 'healed_ms')
    limits = {most = tonumber(row[1] or 0), rate = tonumber(row[2] or 0),
      period = tonumber(row[3] or 0), healed = tonumber(row[4] or 0)}
    return row[1]
  end

  -- How many more may begin now; and when one may that may not now, if that is a matter of time.
  local function room_now()
    local room, again = math.huge, nil
    if limits.most > 0 then
      room = limits.most - redis.call('ZCARD', running)
    end
    if limits.rate > 0 then
      redis.call('ZREMRANGEBYSCORE', begun, '-inf', whole(now - limits.period))
      -- What began later than now did so before the clock was set back.
      for _, one in ipairs(redis.call('ZRANGEBYSCORE', begun, '(' .. whole(now), '+inf')) do
        redis.call('ZADD', begun, whole(now), one)
      end
      local number = redis.call('ZCARD', begun)
      room = math.min(room, limits.rate - number)
      if number >= limits.rate then
        local at = number - limits.rate
        again = tonumber(redis.call('ZRANGE', begun, at, at, 'WITHSCORES')[2]) + limits.period
      end
    end
    return room, again
  end

  local function look(moment)
    local known = redis.call('ZSCORE', due, name)
    if not known or tonumber(known) > moment then
      redis.call('ZADD', due, whole(moment), name)
    end
    keep(due, lives())
  end

  local function take_back(place, id)
    redis.call('ZREM', parked .. place, id)
    redis.call('ZREM', all_parked, id)
    redis.call('ZREM', own_parked, id)
  end

  local function set_aside(place, id, score, again)
    for _, line in ipairs({parked .. place, all_parked, own_parked}) do
      redis.call('ZADD', line, score, id)
      keep(line, lives())
    end
    redis.call('SADD', places, place)
    keep(places, lives())
    look(math.min(now + LOOK_MS, again or math.huge))
  end

  local function heal(line, state, jobs_prefix)
    for _, id in ipairs(redis.call('ZRANGE', line, 0, CHECKED - 1)) do
      if redis.call('HGET', jobs_prefix .. id, 'state') ~= state then
        redis.call('ZREM', line, id)
      end
    end
  end

  -- Why it has no room for one more job: a refusal, with how many there are; nil when it has.
  function flow.refusal(most_keys, most_parked)
    redis.call('ZREMRANGEBYSCORE', of_owner, '-inf', whole(now))
    local keys, waiting = redis.call('ZCARD', of_owner), redis.call('ZCARD', own_parked)
    if keys >= most_keys and not redis.call('ZSCORE', of_owner, key) then
      return 'flows_full', keys
    end
    if waiting >= most_parked then
      return 'owner_full', waiting
    end
  end

  -- The limits that a job brings: 'most rate period_ms'. Who is parked may have room by them.
  function flow.set_limits(text, left_ms)
    local most, rate, period = string.match(text, '^(%d+) (%d+) (%d+)$')
    redis.call('HSET', base, 'most', most, 'rate', rate, 'period_ms', period)
    keep(base, left_ms + GRACE_MS)
    redis.call('ZADD', of_owner, whole(now + lives()), key)
    keep(of_owner, lives())
    if redis.call('ZSCORE', due, name) then
      look(now)
    end
    read_limits()
  end

  -- Read the limits that hold; should they have been forgotten, those of this job do.
  function flow.know_limits(text, left_ms)
    if not read_limits() and text then
      flow.set_limits(text, left_ms)
    elseif text then
      keep(base, left_ms + GRACE_MS)
    end
  end

  function flow.stand_ahead(place, id)
    redis.call('ZADD', ahead .. place, whole(now), id)
    redis.call('SADD', places, place)
    keep(ahead .. place, lives())
    keep(places, lives())
  end

  -- Whether a job may go to its place in line now; if not, it is parked. No more stand ahead in a
  -- place than may begin: so none of them is taken off its list for nothing, or in the way of others.
  function flow.enter(place, id, score)
    local room, again = room_now()
    if redis.call('EXISTS', parked .. place) == 0 and redis.call('ZCARD', ahead .. place) < room then
      flow.stand_ahead(place, id)
      return true
    end
    set_aside(place, id, score, again)
    return false
  end

  -- Whether an attempt may begin now; if not, its job is parked by this score.
  function flow.may_begin(place, id, score)
    if redis.call('ZSCORE', parked .. place, id) then
      return false
    end
    local room, again = room_now()
    if room < 1 then
      redis.call('ZREM', ahead .. place, id)
      set_aside(place, id, score, again)
    end
    return room >= 1
  end

  function flow.begin(place, id, attempt)
    redis.call('ZREM', ahead .. place, id)
    redis.call('ZADD', running, whole(now), id)
    keep(running, lives())
    if limits.rate > 0 then
      redis.call('ZADD', begun, whole(now), id .. ':' .. attempt)
      keep(begun, limits.period)
    end
  end

  -- The worker of a job was lost: it keeps its room and stands in front.
  function flow.stand_again(place, id)
    redis.call('ZREM', running, id)
    flow.stand_ahead(place, id)
  end

  -- A job neither runs nor stands ahead any more: who is parked is looked at.
  function flow.leave(place, id)
    redis.call('ZREM', running, id)
    redis.call('ZREM', ahead .. place, id)
    take_back(place, id)
    if redis.call('ZSCORE', due, name) then
      look(now)
    end
  end

  -- The end of a job. What is left of a flow without jobs are its limits, while they matter.
  function flow.ended(place, id)
    flow.leave(place, id)
    for _, one in ipairs(redis.call('SMEMBERS', places)) do
      if redis.call('EXISTS', ahead .. one, parked .. one) > 0 then
        return
      end
      redis.call('SREM', places, one)
    end
    if redis.call('EXISTS', running) == 0 then
      local lives_ms = math.max(1000, redis.call('PTTL', begun))
      redis.call('PEXPIRE', base, whole(lives_ms))
      redis.call('ZADD', of_owner, whole(now + lives_ms), key)
    end
  end

  -- Forget jobs that do not run or wait any more: a process ended them that knows no flows.
  function flow.heal(jobs_prefix)
    if math.abs(now - limits.healed) >= LOOK_MS then
      redis.call('HSET', base, 'healed_ms', whole(now))
      heal(running, 'Started', jobs_prefix)
      for _, place in ipairs(redis.call('SMEMBERS', places)) do
        heal(ahead .. place, 'Queued', jobs_prefix)
      end
    end
  end

  -- Take up to so many parked jobs that have room; stand(place, id, score) puts one in line. Returns
  -- how many, and by place.
  function flow.let_in(most, jobs_prefix, stand)
    local room, again = room_now()
    local count, by_place, is_left = 0, {}, false
    for _, place in ipairs(redis.call('SMEMBERS', places)) do
      while count < most and redis.call('ZCARD', ahead .. place) < room do
        local first = redis.call('ZRANGE', parked .. place, 0, 0, 'WITHSCORES')
        local id = first[1]
        if not id then
          break
        end
        take_back(place, id)
        if redis.call('HGET', jobs_prefix .. id, 'state') == 'Queued' then
          flow.stand_ahead(place, id)
          stand(place, id, first[2])
          count, by_place[place] = count + 1, true
        end
      end
      is_left = is_left or redis.call('EXISTS', parked .. place) == 1
    end
    redis.call('ZREM', due, name)
    if is_left then
      look(count >= most and now or math.min(now + LOOK_MS, again or math.huge))
    end
    return count, by_place
  end

  return flow
end
