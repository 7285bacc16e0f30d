-- leave_completion: give back the completion lease, unless jobs came in the meantime.
--
-- KEYS  1 jobs:executed ZSET · 2 completion:lease STRING
-- ARGV  1 token of the holder
-- Returns 1 when left, 0 when there is more to do
--
-- Checking and leaving are one step: a job executed between them would ring at a door whose
-- keeper is just leaving.
if redis.call('ZCARD', KEYS[1]) > 0 then
  return 0
end
if redis.call('GET', KEYS[2]) == ARGV[1] then
  redis.call('DEL', KEYS[2])
end
return 1
