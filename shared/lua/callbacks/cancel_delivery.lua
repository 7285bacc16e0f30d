-- cancel_delivery: end a delivery that is Pending; its message, if it has one, becomes stale.
--
-- KEYS  1 delivery HASH · 2 its log LIST · 3 job HASH · 4 jobs:ref STRING
--       5 deliveries:delayed ZSET · 6 line of the callbacks ZSET · 7 its missing ZSET
--       8 prefix of endpoints · 9 prefix of hosts · 10 deliveries:parked SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 Cancelled · 4 how long an ended job lives (ms)
-- Returns 1, or 0 when it is not Pending
--
-- The lease of an attempt that runs stays: finish_delivery records it.
--
--! include clock
--! include delivery_index
--! include delivery_life
--! include endpoint
local held = redis.call('HMGET', KEYS[1], 'state', 'url', 'index')
if held[1] ~= 'Pending' then
  return 0
end
for i = 5, 7 do
  redis.call('ZREM', KEYS[i], ARGV[2])
end
leave_parked(endpoint_of(KEYS[8], KEYS[9], held[2], held[3]), ARGV[2], KEYS[10])
end_delivery(clock(ARGV[1]), ARGV[3], 'cancelled', ARGV[4])
return 1
