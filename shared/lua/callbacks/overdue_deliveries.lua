-- overdue_deliveries: an owner's Pending deliveries that began too long ago, the oldest first.
--
-- KEYS  1 the owner's ZSET of Pending deliveries, by creation · 2 prefix of deliveries
-- ARGV  1 now (ms, 0: the server's clock) · 2 how long they may be Pending (ms)
--       3 most deliveries looked at
-- Returns their ids
--
-- One that was replayed began then.
--
--! include clock
local before = clock(ARGV[1]) - tonumber(ARGV[2])
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', whole(before), 'LIMIT', 0, ARGV[3])) do
  local replayed = tonumber(redis.call('HGET', KEYS[2] .. id, 'replayed_ms') or 0)
  if replayed <= before then
    table.insert(found, id)
  end
end
return found
