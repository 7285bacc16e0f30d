-- meet: take the epoch from a ledger that another server process held before.
--
-- KEYS  1 jobs:id STRING · its ledger HASH is derived from it
-- ARGV  1 what the connection is called
-- Returns 1 when the ledger has no epoch any more, else 0
--
-- Each connection of ours begins with this. A server that was started again, put back from a backup
-- or promoted may have forgotten what was accepted last: ids would be given twice.
local ids_key = KEYS[1]

local ledger = ids_key .. ':ledger'
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and string.match(info, 'run_id:(%w+)')
if not run or redis.call('HGET', ledger, 'run') == run then
  return 0
end
-- In this order: Redis without memory to spare lets nothing be written first but what frees some.
local taken = redis.call('HDEL', ledger, 'epoch')
redis.call('HSET', ledger, 'run', run)
return taken
