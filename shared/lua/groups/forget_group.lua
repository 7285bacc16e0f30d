-- forget_group: take a group whose time is over off the lists.
--
-- KEYS  1 jobs:groups ZSET (the other keys are derived, see includes/group.lua)
-- ARGV  1 owner · 2 id · 3 whether it goes although it is there ('1')
--
--! include group
local owner, name, is_over = unpack(ARGV, 1, 3)
local groups_key = KEYS[1]
local member = group_of(owner, name)
local key, jobs_key = keys_of_group(groups_key, member)
if is_over == '1' then
  redis.call('DEL', key, jobs_key)
end
if redis.call('EXISTS', key) == 0 then
  for _, list in ipairs({groups_key, groups_key .. ':all', groups_key .. ':of:' .. owner}) do
    redis.call('ZREM', list, member)
  end
end
