-- position: how many jobs are before this one, and how fast they go.
--
-- KEYS  1 drain HASH · 2-4 the model's lines ZSET, first priority first · 5-7 its waiting ZSETs
--       8 turns ZSET of the job's priority · 9 the owner's waiting ZSET of that priority
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 which of the priorities is the job's (1-3)
--       4 owner · 5 most owners to count
-- Returns {jobs before it, claims per second} or false when it does not stand in line
--
--! include clock
--! include drain
local id, own_step = ARGV[2], tonumber(ARGV[3])
local before = 0
for step = 1, own_step - 1 do
  before = before + redis.call('ZCARD', KEYS[1 + step]) + redis.call('ZCARD', KEYS[4 + step])
end
local line, waiting = KEYS[1 + own_step], KEYS[4 + own_step]
local rank = redis.call('ZRANK', line, id)
if rank then
  before = before + rank
else
  local round = redis.call('ZRANK', KEYS[9], id)
  if not round then
    return false
  end
  before = before + redis.call('ZCARD', line)
  -- Rounds are served in turn: in each one, every owner that still has jobs gets one.
  local ahead = 1
  for _, owner in ipairs(redis.call('ZRANGE', KEYS[8], 0, tonumber(ARGV[5]) - 1)) do
    if owner == ARGV[4] then
      before = before + round
      ahead = 0
    else
      before = before + math.min(redis.call('ZCARD', waiting .. '\31' .. owner), round + ahead)
    end
  end
end
return {tostring(before), tostring(drain_rate(KEYS[1], clock(ARGV[1])))}
