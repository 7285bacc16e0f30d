-- give_back_lease: end a lease before its time, unless it is somebody else's by now.
--
-- KEYS  1 the lease STRING
-- ARGV  1 token of the holder
-- Returns 1 when given back, 0 when it was not the holder's any more
local lease_key = KEYS[1]
local token = ARGV[1]

if redis.call('GET', lease_key) ~= token then
  return 0
end
redis.call('DEL', lease_key)
return 1
