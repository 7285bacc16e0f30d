-- ring: push a doorbell message when executed jobs wait and nobody works on them.
--
-- KEYS  1 jobs:executed ZSET · 2 completion:lease STRING · 3 completion LIST · 4 jobs:place STRING
-- ARGV  1 now (ms, 0: the server's clock) · 2 how long the oldest may wait (ms)
-- Returns 1 when it rang, else 0
--
--! include clock
--! include push_message
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if not oldest[1] or redis.call('EXISTS', KEYS[2]) == 1 or redis.call('LLEN', KEYS[3]) > 0 then
  return 0
end
-- The distance, not the difference: the clock may have been set back.
if math.abs(clock(ARGV[1]) - tonumber(oldest[2])) < tonumber(ARGV[2]) then
  return 0
end
push_message(KEYS[3], false, KEYS[4], 'completion', 0, 'workers.completion.run', oldest[1], false)
return 1
