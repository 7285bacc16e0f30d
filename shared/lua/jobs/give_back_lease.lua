-- give_back_lease: end a lease before its time, unless it is somebody else's by now.
--
-- KEYS  1 the lease STRING
-- ARGV  1 token of the holder
-- Returns 1 when given back, 0 when it was not the holder's any more
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
return 1
