-- The rate at which a model's jobs are claimed, as an average whose memory fades.
--
-- HASH: rate (claims/s, sum of faded claims), weight (0…1: how much of the memory is filled yet,
-- which corrects the rate of a queue that has just begun to move), at_ms.
local DRAIN_MEMORY_MS = 30000

local function faded(drain, now)
  local row = redis.call('HMGET', drain, 'rate', 'weight', 'at_ms')
  if not row[1] then
    return 0, 0
  end
  local fade = math.exp(-math.max(0, now - tonumber(row[3])) / DRAIN_MEMORY_MS)
  return tonumber(row[1]) * fade, 1 - (1 - tonumber(row[2])) * fade
end

local function note_claim(drain, now)
  local rate, weight = faded(drain, now)
  redis.call('HSET', drain, 'rate', tostring(rate + 1000 / DRAIN_MEMORY_MS),
    'weight', tostring(weight), 'at_ms', whole(now))
  redis.call('PEXPIRE', drain, 20 * DRAIN_MEMORY_MS)
end

-- Claims per second now; 0 when nothing is known.
local function drain_rate(drain, now)
  local rate, weight = faded(drain, now)
  if rate == 0 then
    return 0
  end
  return rate / math.max(weight, 1000 / DRAIN_MEMORY_MS)
end

-- How many messages may be in the list: what is claimed in half a second, within bounds. So what an
-- owner has in the list delays another by that long, on a fast model and on a slow one. Few are
-- enough to keep workers busy, because each claim puts the next message there.
local LEAST_WINDOW = 4

local function window_of(drain, now, most)
  return math.min(most, math.max(LEAST_WINDOW, math.ceil(drain_rate(drain, now) / 2)))
end
