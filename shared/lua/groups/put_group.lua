-- put_group: make a group, or change what is known of one.
--
-- KEYS  1 jobs:groups ZSET (the other keys are derived, see includes/group.lua)
-- ARGV  1 now (ms, 0: the server's clock) · 2 owner · 3 id · 4 whether it may be made ('1')
--       5… field, value pairs; 'held_ms' is from now on
-- Returns whether there is such a group now
--
--! include clock
--! include group
local given_ms, owner, name, may_make = unpack(ARGV, 1, 4)
local groups_key = KEYS[1]
local FIRST_FIELD = 5

local now, member = clock(given_ms), group_of(owner, name)
local key = keys_of_group(groups_key, member)
if redis.call('EXISTS', key) == 0 and may_make ~= '1' then
  return 0
end
keep_group(groups_key, owner, name, now)
for i = FIRST_FIELD, #ARGV, 2 do
  local field, value = unpack(ARGV, i, i + 1)
  redis.call('HSET', key, field, field == 'held_ms' and whole(now + tonumber(value)) or value)
end
if redis.call('HEXISTS', key, 'over_ms') == 0 then
  redis.call('ZADD', groups_key, whole(now), member)
end
return 1
