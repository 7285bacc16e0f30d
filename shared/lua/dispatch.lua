-- dispatch: top a list up to its window, should claims not have done it (a worker died with the
-- messages it took).
--
-- KEYS  1 message LIST · 2 its line ZSET · 3 its waiting ZSET · 4 its turns ZSET
--       5 jobs:place STRING
-- ARGV  1 queue · 2 priority · 3 window (messages)
-- Returns how many messages were pushed
--
--! include clock
--! include push_message
--! include dispatch
local before = redis.call('LLEN', KEYS[1])
dispatch(KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], ARGV[1], ARGV[2], tonumber(ARGV[3]))
return redis.call('LLEN', KEYS[1]) - before
