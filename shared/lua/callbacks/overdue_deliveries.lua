-- overdue_deliveries: an owner's Pending deliveries that began too long ago, the oldest first.
--
-- KEYS  1 the owner's ZSET of Pending deliveries, by creation · 2 prefix of deliveries
-- ARGV  1 now (ms, 0: the server's clock) · 2 how long they may be Pending (ms)
--       3 most deliveries looked at · 4 how many are passed over
-- Returns how many were looked at, then their ids
--
-- One that was replayed began then.
--
--! include clock
local pending_key, deliveries_prefix = unpack(KEYS, 1, 2)
local given_ms, life_ms, most, skip = unpack(ARGV, 1, 4)

local before = clock(given_ms) - tonumber(life_ms)
local ids = redis.call('ZRANGEBYSCORE', pending_key, '-inf', whole(before), 'LIMIT', skip, most)
local found = {#ids}
for _, id in ipairs(ids) do
  local replayed = tonumber(redis.call('HGET', deliveries_prefix .. id, 'replayed_ms') or 0)
  if replayed <= before then
    table.insert(found, id)
  end
end
return found
