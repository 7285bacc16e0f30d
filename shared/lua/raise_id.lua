-- raise_id: let the ids of new jobs begin above one.
--
-- KEYS  1 jobs:id STRING
-- ARGV  1 the id
-- Returns the last id given, now
local last = tonumber(redis.call('GET', KEYS[1]) or 0)
if last < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1])
end
return redis.call('GET', KEYS[1])
