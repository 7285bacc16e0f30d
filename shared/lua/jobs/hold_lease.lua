-- hold_lease: take a lease that nobody has, or renew it for the one who has it.
--
-- KEYS  1 the lease STRING
-- ARGV  1 token of the holder · 2 how long it lasts (ms)
-- Returns 1 when it is the holder's, 0 when it is somebody else's
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
