-- give_up_delivery: end a delivery that has been Pending for too long, wherever it waits.
--
-- KEYS  1 delivery HASH · 2 its log LIST · 3 job HASH · 4 jobs:ref STRING
--       5 deliveries:leases ZSET · 6 deliveries:delayed ZSET
--       7 callbacks LIST · 8 its line ZSET · 9 its missing ZSET · 10 jobs:place STRING
--       11 prefix of endpoints · 12 the owner's subscriptions HASH · 13 jobs:id STRING
--       14 prefix of jobs · 15 prefix of deliveries · 16 the owner's ZSET of deliveries
--       17 deliveries:owners SET · 18 prefix of hosts · 19 deliveries:parked SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 how long it may be Pending (ms)
--       4 state: Exhausted · 5 reason · 6 how long an ended job lives (ms) · 7 owner
--       8 the event that the owner's subscriptions are told ('' for none)
-- Returns 1, or 0 when it is over, an attempt runs, or it was replayed meanwhile
--
--! include clock
--! include delivery_index
--! include delivery_life
--! include push_message
--! include epoch
--! include create_delivery
--! include endpoint
local now = clock(ARGV[1])
local held = redis.call('HMGET', KEYS[1], 'state', 'created_ms', 'replayed_ms', 'url', 'index')
local began = math.max(tonumber(held[2] or 0), tonumber(held[3] or 0))
if held[1] ~= 'Pending' or began > now - tonumber(ARGV[3])
  or redis.call('ZSCORE', KEYS[5], ARGV[2]) then
  return 0
end
for _, i in ipairs({6, 8, 9}) do
  redis.call('ZREM', KEYS[i], ARGV[2])
end
leave_parked(endpoint_of(KEYS[11], KEYS[18], held[4], held[5]), ARGV[2], KEYS[19])
end_delivery(now, ARGV[4], ARGV[5], ARGV[6])
if ARGV[8] ~= '' then
  local at = {owner = ARGV[7], index = KEYS[16], owners = KEYS[17], list = KEYS[7],
    line = KEYS[8], places = KEYS[10], subscriptions = KEYS[12], ids = KEYS[13],
    jobs = KEYS[14], deliveries = KEYS[15], job = KEYS[3]}
  create_events(at, 'callback.exhausted', ARGV[8], whole(now))
end
return 1
