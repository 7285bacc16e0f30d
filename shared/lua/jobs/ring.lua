-- ring: push a doorbell message when executed jobs wait and nobody works on them.
--
-- KEYS  1 jobs:executed ZSET · 2 completion:lease STRING · 3 completion LIST · 4 jobs:place STRING
-- ARGV  1 now (ms, 0: the server's clock) · 2 how long the oldest may wait (ms)
-- Returns 1 when it rang, else 0
--
--! include clock
--! include push_message
local executed_key, lease_key, list_key, places_key = unpack(KEYS, 1, 4)
local given_ms, grace_ms = unpack(ARGV, 1, 2)

local oldest = redis.call('ZRANGE', executed_key, 0, 0, 'WITHSCORES')
if not oldest[1] or redis.call('EXISTS', lease_key) == 1 or redis.call('LLEN', list_key) > 0 then
  return 0
end
-- The distance, not the difference: the clock may have been set back.
if math.abs(clock(given_ms) - tonumber(oldest[2])) < tonumber(grace_ms) then
  return 0
end
push_message(list_key, false, places_key, 'completion', 0, 'workers.completion.run', oldest[1], false)
return 1
