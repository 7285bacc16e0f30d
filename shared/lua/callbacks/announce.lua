-- announce: tell a URL, and the owner's subscriptions, of an event that is no job's; once.
--
-- KEYS  1 that it was told STRING · 2 the owner's subscriptions HASH · 3 jobs:id STRING
--       4 prefix of jobs · 5 prefix of deliveries · 6 the owner's ZSET of deliveries
--       7 deliveries:owners SET · 8 callbacks LIST · 9 its line ZSET · 10 jobs:place STRING
-- ARGV  1 now (ms, 0: the server's clock) · 2 owner · 3 event · 4 body · 5 URL, '' for none
--       6 name of what it is about · 7 how long it is remembered that it was told (ms)
-- Returns whether it was told now
--
--! include clock
--! include delivery_index
--! include push_message
--! include epoch
--! include create_delivery
local now = whole(clock(ARGV[1]))
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[7]) then
  return 0
end
local at = {owner = ARGV[2], subscriptions = KEYS[2], ids = KEYS[3], jobs = KEYS[4],
  deliveries = KEYS[5], index = KEYS[6], owners = KEYS[7], list = KEYS[8], line = KEYS[9],
  places = KEYS[10]}
if ARGV[5] ~= '' then
  create_event(at, ARGV[3], ARGV[4], now, ARGV[5], ARGV[6], epoch_of(KEYS[3], now))
end
create_events(at, ARGV[3], ARGV[4], now)
return 1
