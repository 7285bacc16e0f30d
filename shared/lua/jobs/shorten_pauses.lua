-- shorten_pauses: the server's clock was set back: what waits for a pause to be over is due by as much
-- earlier, as it would have been; so are jobs that wait for their key's limits, whose moment nobody named.
-- Several ticks notice one step: the first of them does it.
--
-- KEYS  1 machines:clock_set_back STRING · 2 jobs:later ZSET · 3… ZSETs scored by due time
-- ARGV  1 now (ms, 0: the server's clock) · 2 the step (ms) · 3 how long others notice the same (ms)
--       4 prefix of job keys
-- Returns how many are due earlier
--
--! include clock
local noticed_key, later_key = unpack(KEYS, 1, 2)
local given_ms, step_ms, noticed_ms, jobs_prefix = unpack(ARGV, 1, 4)
local AT_ONCE = 1000

if not redis.call('SET', noticed_key, step_ms, 'NX', 'PX', noticed_ms) then
  return 0
end
local now, shortened = clock(given_ms), 0

-- One that waits for its limits takes of the minute in which it is due.
local function come_earlier(id, due)
  local row = redis.call('HMGET', jobs_prefix .. id, 'owner', 'accepted_ms')
  if row[1] and row[2] == due then
    local moment = whole(tonumber(due) - tonumber(step_ms))
    redis.call('HSET', jobs_prefix .. id, 'run_after_ms', moment, 'accepted_ms', moment)
    redis.call('ZADD', later_key, moment, id)
    redis.call('ZADD', later_key .. '\31' .. row[1], moment, id)
    shortened = shortened + 1
  end
end

local waiting = redis.call('ZRANGEBYSCORE', later_key, '(' .. whole(now), '+inf', 'WITHSCORES')
for at = 1, #waiting, 2 do
  come_earlier(waiting[at], whole(tonumber(waiting[at + 1])))
end
for place, due_key in ipairs(KEYS) do
  local rows = place <= 2 and {}
    or redis.call('ZRANGEBYSCORE', due_key, '(' .. whole(now), '+inf', 'WITHSCORES')
  for first = 1, #rows, 2 * AT_ONCE do
    local earlier = {}
    for at = first, math.min(first + 2 * AT_ONCE, #rows + 1) - 1, 2 do
      earlier[#earlier + 1] = whole(tonumber(rows[at + 1]) - tonumber(step_ms))
      earlier[#earlier + 1] = rows[at]
    end
    redis.call('ZADD', due_key, unpack(earlier))
  end
  shortened = shortened + #rows / 2
end
return shortened
