-- forget_group: take a group whose time is over off the lists.
--
-- KEYS  1 its HASH (the other keys are made of its name, see includes/group.lua)
-- ARGV  1 owner · 2 id · 3 whether it goes although it is there ('1')
--
--! include group
local owner, name, is_over = unpack(ARGV, 1, 3)
local key, member = KEYS[1], group_of(owner, name)
if is_over == '1' then
  redis.call('DEL', key, GROUP_JOBS .. member)
end
if redis.call('EXISTS', key) == 0 then
  redis.call('ZREM', GROUPS_DUE, member)
  redis.call('ZREM', GROUPS_ALL, member)
  redis.call('ZREM', GROUPS_OF .. owner, member)
end
