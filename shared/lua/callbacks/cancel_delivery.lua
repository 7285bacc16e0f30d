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
--! include delivery_keys
--! include delivery_life
--! include endpoint
local delayed_key, line_key, missing_key, endpoints_prefix, hosts_prefix, parked_key =
  unpack(KEYS, 5, 10)
local given_ms, id, state, ttl_ms = unpack(ARGV, 1, 4)

local held = redis.call('HMGET', delivery_key, 'state', 'url', 'index')
if held[1] ~= 'Pending' then
  return 0
end
for _, key in ipairs({delayed_key, line_key, missing_key}) do
  redis.call('ZREM', key, id)
end
leave_parked(endpoint_of(endpoints_prefix, hosts_prefix, held[2], held[3]), id, parked_key)
end_delivery(clock(given_ms), state, 'cancelled', ttl_ms)
return 1
