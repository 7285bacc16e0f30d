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
local seen = redis.call('ZSCORE', KEYS[4], ARGV[2])
-- Of several ticks that saw it missing, the first one takes the note away.
if not seen or clock(ARGV[1]) - tonumber(seen) < tonumber(ARGV[7]) then
  return 0
end
redis.call('ZREM', KEYS[4], ARGV[2])
redis.call('ZREM', KEYS[3], ARGV[2])
if redis.call('HGET', KEYS[1], 'state') ~= ARGV[6] then
  return 0
end
push_message(KEYS[2], KEYS[3], KEYS[5], ARGV[3], ARGV[4], ARGV[5], ARGV[2], true)
return 1
