-- shorten_pauses: the server's clock was set back: what waits for a pause to be over is due by as much
-- earlier, as it would have been; so are jobs that wait for their key's limits, whose moment nobody named.
-- Several ticks notice one step: the first of them begins. A run looks at so many members and no more;
-- whoever runs it next goes on from there, and nothing is due earlier twice.
--
-- KEYS  1 machines:clock_set_back STRING · 2 machines:clock_set_back:place HASH · 3 jobs:later ZSET
--       4… ZSETs scored by due time
-- ARGV  1 now (ms, 0: the server's clock) · 2 the step (ms, 0: only go on with one that was begun)
--       3 how long others notice the same (ms) · 4 how long one that was begun is gone on with (ms)
--       5 members to look at · 6 prefix of job keys
-- Returns {how many are due earlier, 1 while there are more to look at}
--
--! include clock
local noticed_key, place_key, later_key = unpack(KEYS, 1, 3)
local given_ms, step_ms, noticed_ms, kept_ms, most, jobs_prefix = unpack(ARGV, 1, 6)
local FIRST_SET = 3
local AT_ONCE = 1000

local step, from, set, score, member =
  unpack(redis.call('HMGET', place_key, 'step', 'from', 'set', 'score', 'member'))
if not step then
  if tonumber(step_ms) == 0 or not redis.call('SET', noticed_key, step_ms, 'NX', 'PX', noticed_ms) then
    return {0, 0}
  end
  -- What is due now is left alone.
  from = whole(clock(given_ms) + 1)
  step, set, score, member = step_ms, FIRST_SET, from, ''
end
step, set = tonumber(step), tonumber(set)
local set_key, shortened = KEYS[set], 0

-- The first that nobody has looked at, in the order of the set. What came to be due earlier stands before
-- all that are left: the last one that was left as it is tells the place among those of one score.
local function first_left()
  local held = member ~= '' and redis.call('ZSCORE', set_key, member)
  if held and tonumber(held) == tonumber(score) then
    return redis.call('ZRANK', set_key, member) + 1
  end
  return redis.call('ZCOUNT', set_key, '-inf', '(' .. score)
end

-- One that waits for its limits takes of the minute in which it is due; others keep their own moment.
local function come_earlier(id, due)
  local row = redis.call('HMGET', jobs_prefix .. id, 'owner', 'accepted_ms')
  if not row[1] or row[2] ~= due then
    return false
  end
  local moment = whole(tonumber(due) - step)
  redis.call('HSET', jobs_prefix .. id, 'run_after_ms', moment, 'accepted_ms', moment)
  redis.call('ZADD', later_key, moment, id)
  redis.call('ZADD', later_key .. '\31' .. row[1], moment, id)
  shortened = shortened + 1
  return true
end

local function shorten_later(rows)
  for at = 1, #rows, 2 do
    local due = whole(tonumber(rows[at + 1]))
    if due ~= score then
      score, member = due, ''
    end
    if not come_earlier(rows[at], due) then
      member = rows[at]
    end
  end
end

local function shorten_all(rows)
  for first = 1, #rows, 2 * AT_ONCE do
    local earlier = {}
    for at = first, math.min(first + 2 * AT_ONCE, #rows + 1) - 1, 2 do
      score = whole(tonumber(rows[at + 1]))
      earlier[#earlier + 1] = whole(tonumber(score) - step)
      earlier[#earlier + 1] = rows[at]
    end
    redis.call('ZADD', set_key, unpack(earlier))
  end
  shortened = shortened + #rows / 2
end

local first = first_left()
local rows = redis.call('ZRANGE', set_key, first, first + tonumber(most) - 1, 'WITHSCORES')
if set_key == later_key then
  shorten_later(rows)
else
  shorten_all(rows)
end
if #rows < 2 * tonumber(most) then
  set, score, member = set + 1, from, ''
end
if set > #KEYS then
  redis.call('DEL', place_key)
  return {shortened, 0}
end
redis.call('HSET', place_key, 'step', whole(step), 'from', from, 'set', set, 'score', score, 'member', member)
redis.call('PEXPIRE', place_key, kept_ms)
redis.call('SET', noticed_key, whole(step), 'PX', noticed_ms)
return {shortened, 1}
