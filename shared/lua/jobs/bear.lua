-- bear: give a ledger that has no epoch one, and let its ids go on above all that anybody knows.
--
-- KEYS  1 jobs:id STRING · its ledger HASH is derived from it
-- ARGV  1 a new epoch · 2 the highest id that the history knows
--       3 how far ids go on above the known: more than were given and forgotten
-- Returns the epoch that the ledger has now
--
-- A ledger whose ids are behind the history is an older one, whatever it says of itself.
local ids_key = KEYS[1]
local new_epoch, known_id, step = unpack(ARGV, 1, 3)

local ledger = ids_key .. ':ledger'
local last, known = tonumber(redis.call('GET', ids_key) or 0), tonumber(known_id)
local epoch = redis.call('HGET', ledger, 'epoch')
if epoch and last >= known then
  return epoch
end
last = math.max(last, known)
if last > 0 then
  redis.call('SET', ids_key, string.format('%.0f', last + tonumber(step)))
end
redis.call('HSET', ledger, 'epoch', new_epoch)
-- Which server this is: see meet.lua.
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and string.match(info, 'run_id:(%w+)')
if run then
  redis.call('HSET', ledger, 'run', run)
end
return new_epoch
