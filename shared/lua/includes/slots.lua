-- A provider's slots: how many calls it takes at once, and how many requests and tokens a minute.
--
-- held: ZSET of job ids by the end of their lease. rates: HASH of two buckets, `requests` and
-- `tokens`: each fills at its rate a minute and holds a tenth of that, so that no minute gets more
-- than a tenth too many; tokens are known after the call only, and may go below zero.
-- limits: {limit, rpm, tpm}, 0 for none.

-- Take back the slots whose lease is past due. A lease further ahead than any that can be given now
-- was given before the clock was set back.
local function sweep(held, now, lease)
  redis.call('ZREMRANGEBYSCORE', held, '-inf', whole(now))
  local latest = whole(now + lease)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', held, '(' .. latest, '+inf')) do
    redis.call('ZADD', held, latest, id)
  end
end

-- A moment to come was noted before the clock was set back: what came since then has filled it.
local CLOCK_BACK_MS = 5000

local function level(rates, name, per_minute, now)
  local row = redis.call('HMGET', rates, name, name .. '_ms')
  local most = math.max(1, per_minute / 10)
  local past = now - tonumber(row[2] or now)
  if past < -CLOCK_BACK_MS then
    return most
  end
  past = math.max(0, past)
  return math.min(most, tonumber(row[1] or most) + past * per_minute / 60000)
end

local function draw(rates, name, per_minute, now, amount)
  if per_minute > 0 and amount > 0 then
    local left = level(rates, name, per_minute, now) - amount
    redis.call('HSET', rates, name, tostring(left), name .. '_ms', whole(now))
    redis.call('PEXPIRE', rates, 3600000)
  end
end

local function has_room(limits, held, rates, now)
  return (limits.limit == 0 or redis.call('ZCARD', held) < limits.limit)
    and (limits.rpm == 0 or level(rates, 'requests', limits.rpm, now) >= 1)
    and (limits.tpm == 0 or level(rates, 'tokens', limits.tpm, now) > 0)
end

local function is_limited(limits)
  return limits.limit > 0 or limits.rpm > 0 or limits.tpm > 0
end

local function take_slot(limits, held, rates, now, until_ms, id)
  if redis.call('ZADD', held, whole(until_ms), id) == 1 then
    draw(rates, 'requests', limits.rpm, now, 1)
  end
end
