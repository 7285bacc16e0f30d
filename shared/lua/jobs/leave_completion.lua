-- leave_completion: give back the completion lease, unless jobs came in the meantime.
--
-- KEYS  1 jobs:executed ZSET · 2 completion:lease STRING
-- ARGV  1 token of the holder
-- Returns 1 when left, 0 when there is more to do
--
-- Checking and leaving are one step: a job executed between them would ring at a door whose
-- keeper is just leaving.
local executed_key, lease_key = unpack(KEYS, 1, 2)
local token = ARGV[1]

if redis.call('ZCARD', executed_key) > 0 then
  return 0
end
if redis.call('GET', lease_key) == token then
  redis.call('DEL', lease_key)
end
return 1
