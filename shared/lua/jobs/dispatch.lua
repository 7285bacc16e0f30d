-- dispatch: top a list up to its window, should claims not have done it (a worker died with the
-- messages it took).
--
-- KEYS  1 message LIST · 2 its line ZSET · 3 its waiting ZSET · 4 its turns ZSET
--       5 jobs:place STRING · 6 drain HASH · 7 jobs:gates SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 queue · 3 priority · 4 widest window (messages)
-- Returns how many messages were pushed
--
--! include clock
--! include push_message
--! include dispatch
--! include drain
if redis.call('SISMEMBER', KEYS[7], ARGV[2]) == 1 then
  return 0
end
local before = redis.call('LLEN', KEYS[1])
dispatch(KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], ARGV[2], ARGV[3],
  window_of(KEYS[6], clock(ARGV[1]), tonumber(ARGV[4])))
return redis.call('LLEN', KEYS[1]) - before
