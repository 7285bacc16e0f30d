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
local wakes_key, receiver_parked_key, list_key, line_key, places_key = unpack(KEYS, 1, 5)
local given_ms, receiver, most = unpack(ARGV, 1, 3)

local due = redis.call('ZSCORE', wakes_key, receiver)
if not due or tonumber(due) > clock(given_ms) then
  return 0
end
local ids = redis.call('ZRANGE', receiver_parked_key, 0, tonumber(most) - 1)
for i = #ids, 1, -1 do
  redis.call('ZREM', receiver_parked_key, ids[i])
  push_message(list_key, line_key, places_key, 'callbacks', 0, 'workers.callbacks.run', ids[i], true)
end
if redis.call('EXISTS', receiver_parked_key) == 0 then
  redis.call('ZREM', wakes_key, receiver)
end
return #ids
