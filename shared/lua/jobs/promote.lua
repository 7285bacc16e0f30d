-- promote: a delayed job is due: push its message to the front of its queue.
--
-- KEYS  1-7 as in includes/finish.lua · 8 message LIST · 9 its line ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 queue · 4 priority · 5 task
-- Returns 1, or 0 when there was nothing to do
--
--! include clock
--! include push_message
local due = redis.call('ZSCORE', KEYS[4], ARGV[2])
if not due or tonumber(due) > clock(ARGV[1]) then
  return 0
end
redis.call('ZREM', KEYS[4], ARGV[2])
if redis.call('HGET', KEYS[1], 'state') ~= 'Queued' then
  return 0
end
redis.call('HSET', KEYS[1], 'queued_ms', due)
push_message(KEYS[8], KEYS[9], KEYS[7], ARGV[3], ARGV[4], ARGV[5], ARGV[2], true)
return 1
