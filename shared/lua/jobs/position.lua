-- position: how many jobs are before this one, and how fast they go.
--
-- KEYS  1 drain HASH · 2-4 the model's lines ZSET, first priority first · 5-7 its waiting ZSETs
--       8 turns ZSET of the job's priority · 9 the owner's waiting ZSET of that priority
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 which of the priorities is the job's (1-3)
--       4 owner · 5 most owners to count
-- Returns {jobs before it, claims per second} or false when it does not stand in line
--
--! include clock
--! include dispatch
--! include drain
local drain_key = KEYS[1]
-- Before the first of the lines, and of the waiting ZSETs: which of them is told by its step.
local LINES, WAITING = 1, 4
local turns_key, own_waiting_key = unpack(KEYS, 8, 9)
local given_ms, id, step_text, own, most_owners = unpack(ARGV, 1, 5)

local own_step = tonumber(step_text)
local before = 0
for step = 1, own_step - 1 do
  before = before + redis.call('ZCARD', KEYS[LINES + step]) + redis.call('ZCARD', KEYS[WAITING + step])
end
local line, waiting = KEYS[LINES + own_step], KEYS[WAITING + own_step]
local rank = redis.call('ZRANK', line, id)
if rank then
  before = before + rank
else
  local score = redis.call('ZSCORE', own_waiting_key, id)
  if not score then
    return false
  end
  -- All of better tiers come first, whoever owns them; then it is a matter of turns.
  local tier = tier_of(score)
  local least, most = whole((tier - 0.5) * TIER), '(' .. whole((tier + 0.5) * TIER)
  local round = redis.call('ZCOUNT', own_waiting_key, least, '(' .. score)
  before = before + redis.call('ZCARD', line) + redis.call('ZCOUNT', waiting, '-inf', '(' .. least)
  -- Rounds are served in turn: in each one, every owner that still has jobs gets one.
  local ahead = 1
  for _, owner in ipairs(redis.call('ZRANGE', turns_key, 0, tonumber(most_owners) - 1)) do
    if owner == own then
      before = before + round
      ahead = 0
    else
      local theirs = redis.call('ZCOUNT', waiting .. '\31' .. owner, least, most)
      before = before + math.min(theirs, round + ahead)
    end
  end
end
return {tostring(before), tostring(drain_rate(drain_key, clock(given_ms)))}
