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
local due = redis.call('ZSCORE', KEYS[2], ARGV[2])
if not due or tonumber(due) > clock(ARGV[1]) then
  return 0
end
redis.call('ZREM', KEYS[2], ARGV[2])
local delivery = redis.call('HMGET', KEYS[1], 'state', 'url', 'index')
local endpoint = endpoint_of(KEYS[6], KEYS[7], delivery[2], delivery[3])
redis.call('HDEL', endpoint.host.flight, ARGV[2])
local receiver = string.lower(string.match(delivery[2] or '', '^%a+://([^/?#]*)') or '')
redis.call('SREM', KEYS[8] .. receiver .. '\31flight', ARGV[2])
if delivery[1] ~= 'Pending' then
  return 0
end
push_message(KEYS[3], KEYS[4], KEYS[5], 'callbacks', 0, 'workers.callbacks.run', ARGV[2], true)
return 1
