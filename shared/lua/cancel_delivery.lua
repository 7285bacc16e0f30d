-- cancel_delivery: end a delivery that is Pending; its message, if it has one, becomes stale.
--
-- KEYS  1 delivery HASH · 2 its log LIST · 3 job HASH · 4 jobs:ref STRING
--       5 deliveries:delayed ZSET · 6 line of the callbacks ZSET · 7 its missing ZSET
--       8 prefix of receivers
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 Cancelled · 4 how long an ended job lives (ms)
-- Returns 1, or 0 when it is not Pending
--
-- The lease of an attempt that runs stays: finish_delivery records it.
--
--! include clock
--! include delivery_index
--! include delivery_life
--! include receiver
if redis.call('HGET', KEYS[1], 'state') ~= 'Pending' then
  return 0
end
for i = 5, 7 do
  redis.call('ZREM', KEYS[i], ARGV[2])
end
redis.call('ZREM', receiver_of(KEYS[8], redis.call('HGET', KEYS[1], 'url')).parked, ARGV[2])
end_delivery(clock(ARGV[1]), ARGV[3], 'cancelled', ARGV[4])
return 1
