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
local told_key, subscriptions_key, ids_key, jobs_prefix, deliveries_prefix, index_key, owners_key,
  list_key, line_key, places_key =
  unpack(KEYS, 1, 10)
local given_ms, owner, event, body, url, name, remembered_ms = unpack(ARGV, 1, 7)

local now = whole(clock(given_ms))
if not redis.call('SET', told_key, '1', 'NX', 'PX', remembered_ms) then
  return 0
end
local at = {owner = owner, subscriptions = subscriptions_key, ids = ids_key, jobs = jobs_prefix,
  deliveries = deliveries_prefix, index = index_key, owners = owners_key, list = list_key, line = line_key,
  places = places_key}
announce_event(at, event, body, now, url, name)
return 1
