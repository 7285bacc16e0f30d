-- wake_receiver: let parked deliveries of a receiver go, as many as it has room for: its rest is
-- over, or the attempt that should have let them go died.
--
-- KEYS  1 receivers:wakes ZSET · 2 prefix of receivers · 3 deliveries:leases ZSET
--       4 callbacks LIST · 5 its line ZSET · 6 jobs:place STRING
-- ARGV  1 now (ms, 0: the server's clock) · 2 receiver · 3 most attempts at one receiver
--       4 failures in a row before a rest · 5 the rest (ms)
-- Returns how many went
--
--! include clock
--! include push_message
--! include receiver
--! include room_at
--! include unpark
local now = clock(ARGV[1])
local due = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not due or tonumber(due) > now then
  return 0
end
local receiver = receiver_of(KEYS[2], 'http://' .. ARGV[2])
local room, _, rest_until = room_at(receiver, KEYS[3], now, tonumber(ARGV[3]), tonumber(ARGV[4]),
  tonumber(ARGV[5]))
local went = unpark(receiver, KEYS[1], KEYS[4], KEYS[5], KEYS[6], room,
  rest_until or now + WAKE_MS, false)
return went
