-- return_delivery: a delivery is due again (its pause is over, or its worker is gone): push its
-- message.
--
-- KEYS  1 delivery HASH · 2 the ZSET that says when: deliveries:delayed or deliveries:leases
--       3 callbacks LIST · 4 its line ZSET · 5 jobs:place STRING
--       6 prefix of endpoints · 7 prefix of hosts · 8 prefix of receivers of an older version
-- ARGV  1 now (ms, 0: the server's clock) · 2 id
-- Returns 1, or 0 when there was nothing to do
--
--! include clock
--! include push_message
--! include endpoint
local delivery_key, due_key, list_key, line_key, places_key, endpoints_prefix, hosts_prefix,
  receivers_prefix =
  unpack(KEYS, 1, 8)
local given_ms, id = unpack(ARGV, 1, 2)

local due = redis.call('ZSCORE', due_key, id)
if not due or tonumber(due) > clock(given_ms) then
  return 0
end
redis.call('ZREM', due_key, id)
local delivery = redis.call('HMGET', delivery_key, 'state', 'url', 'index')
local endpoint = endpoint_of(endpoints_prefix, hosts_prefix, delivery[2], delivery[3])
redis.call('HDEL', endpoint.host.flight, id)
local receiver = string.lower(string.match(delivery[2] or '', '^%a+://([^/?#]*)') or '')
redis.call('SREM', receivers_prefix .. receiver .. '\31flight', id)
if delivery[1] ~= 'Pending' then
  return 0
end
push_message(list_key, line_key, places_key, 'callbacks', 0, 'workers.callbacks.run', id, true)
return 1
