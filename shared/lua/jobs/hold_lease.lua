-- hold_lease: take a lease that nobody has, or renew it for the one who has it.
--
-- KEYS  1 the lease STRING
-- ARGV  1 token of the holder · 2 how long it lasts (ms)
-- Returns 1 when it is the holder's, 0 when it is somebody else's
--
--! include lease
local lease_key = KEYS[1]
local token, lasts_ms = unpack(ARGV, 1, 2)

if holder_of(lease_key, token, lasts_ms) then
  return 0
end
redis.call('SET', lease_key, token, 'PX', lasts_ms)
return 1
