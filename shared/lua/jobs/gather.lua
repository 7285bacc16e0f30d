-- gather: take the right to complete jobs, or renew it, and what waits for that; give the right back
-- when nothing does.
--
-- KEYS  1 jobs:executed ZSET · 2 completion:lease STRING · 3 callback:subscribers SET
-- ARGV  1 token of the holder · 2 how long the right lasts (ms) · 3 most jobs
-- Returns {ids, oldest first, owners with subscriptions}; no ids when somebody else has the right,
-- or when nothing waits
--
-- Looking and leaving are one step: a job executed between them would ring at a door whose keeper
-- is just leaving.
--
--! include lease
local executed_key, lease_key, subscribers_key = unpack(KEYS, 1, 3)
local token, lasts_ms, most = unpack(ARGV, 1, 3)

local is_anothers, holder = holder_of(lease_key, token, lasts_ms)
if is_anothers then
  return {{}, {}}
end
local ids = redis.call('ZRANGE', executed_key, 0, tonumber(most) - 1)
if #ids == 0 then
  if holder then
    redis.call('DEL', lease_key)
  end
  return {ids, {}}
end
redis.call('SET', lease_key, token, 'PX', lasts_ms)
return {ids, redis.call('SMEMBERS', subscribers_key)}
