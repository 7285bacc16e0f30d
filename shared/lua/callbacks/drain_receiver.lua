-- drain_receiver: let deliveries go that an older version parked at a host and port.
--
-- KEYS  1 receivers:wakes ZSET · 2 the receiver's parked ZSET
--       3 callbacks LIST · 4 its line ZSET · 5 jobs:place STRING
-- ARGV  1 now (ms, 0: the server's clock) · 2 receiver · 3 most deliveries at once
-- Returns how many went
--
-- Workers of that version may still run: they park again what has no room with them.
--
--! include clock
--! include push_message
local due = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not due or tonumber(due) > clock(ARGV[1]) then
  return 0
end
local ids = redis.call('ZRANGE', KEYS[2], 0, tonumber(ARGV[3]) - 1)
for i = #ids, 1, -1 do
  redis.call('ZREM', KEYS[2], ids[i])
  push_message(KEYS[3], KEYS[4], KEYS[5], 'callbacks', 0, 'workers.callbacks.run', ids[i], true)
end
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[2])
end
return #ids
