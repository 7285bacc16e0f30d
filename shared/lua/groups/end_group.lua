-- end_group: a group is over; its URL, and its owner's subscriptions, are told: once.
--
-- KEYS  1 jobs:groups ZSET · 2 the owner's subscriptions HASH · 3 jobs:id STRING · 4 prefix of jobs
--       5 prefix of deliveries · 6 the owner's ZSET of deliveries · 7 deliveries:owners SET
--       8 callbacks LIST · 9 its line ZSET · 10 jobs:place STRING
--       (the other keys are derived, see includes/group.lua)
-- ARGV  1 now (ms, 0: the server's clock) · 2 owner · 3 id · 4 event · 5 body · 6 URL, '' for none
--       7 how long it is kept (ms) · 8 how many jobs it had · 9 how many ends of jobs it had seen
-- Returns whether it ended now: not when it has ended, or somebody joined or came back meanwhile
--
--! include clock
--! include delivery_index
--! include push_message
--! include epoch
--! include create_delivery
--! include group
local groups_key, subscriptions_key, ids_key, jobs_prefix, deliveries_prefix, index_key, owners_key,
  list_key, line_key, places_key =
  unpack(KEYS, 1, 10)
local given_ms, owner, name, event, body, url, kept_ms, jobs, ends = unpack(ARGV, 1, 9)

local moment, member = clock(given_ms), group_of(owner, name)
local now, key, jobs_key = whole(moment), keys_of_group(groups_key, member)
local known = redis.call('HMGET', key, 'created_ms', 'over_ms', 'held_ms', 'ends')
if not known[1] or known[2] or tonumber(known[3] or 0) > moment or (known[4] or '0') ~= ends
  or redis.call('ZCARD', jobs_key) ~= tonumber(jobs)
  or redis.call('ZCOUNT', jobs_key, UNDER_WAY, UNDER_WAY) > 0 then
  return 0
end
redis.call('HSET', key, 'over_ms', now, 'closed', '1')
redis.call('PEXPIRE', key, kept_ms)
redis.call('PEXPIRE', jobs_key, kept_ms)
redis.call('ZADD', groups_key, whole(moment + tonumber(kept_ms)), member)
local at = {owner = owner, subscriptions = subscriptions_key, ids = ids_key, jobs = jobs_prefix,
  deliveries = deliveries_prefix, index = index_key, owners = owners_key, list = list_key, line = line_key,
  places = places_key}
announce_event(at, event, body, now, url, name)
return 1
