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
local list_key, line_key, waiting_key, turns_key, places_key, drain_key, gates_key =
  unpack(KEYS, 1, 7)
local given_ms, queue, priority, widest_window = unpack(ARGV, 1, 4)

if redis.call('SISMEMBER', gates_key, queue) == 1 then
  return 0
end
local before = redis.call('LLEN', list_key)
dispatch(list_key, line_key, waiting_key, turns_key, places_key, queue, priority,
  window_of(drain_key, clock(given_ms), tonumber(widest_window)))
return redis.call('LLEN', list_key) - before
