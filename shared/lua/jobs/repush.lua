-- repush: give a job or delivery whose message is missing a fresh one at the front.
--
-- KEYS  1 job or delivery HASH · 2 message LIST · 3 its line ZSET · 4 its missing ZSET
--       5 jobs:place STRING
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 queue · 4 priority · 5 task
--       6 state in which a message is due · 7 grace (ms)
-- Returns 1, or 0 when there was nothing to do
--
--! include clock
--! include push_message
local record_key, list_key, line_key, missing_key, places_key = unpack(KEYS, 1, 5)
local given_ms, id, queue, priority, task, due_state, grace_ms = unpack(ARGV, 1, 7)

local seen = redis.call('ZSCORE', missing_key, id)
-- Of several ticks that saw it missing, the first one takes the note away.
if not seen or clock(given_ms) - tonumber(seen) < tonumber(grace_ms) then
  return 0
end
redis.call('ZREM', missing_key, id)
redis.call('ZREM', line_key, id)
if redis.call('HGET', record_key, 'state') ~= due_state then
  return 0
end
push_message(list_key, line_key, places_key, queue, priority, task, id, true)
return 1
