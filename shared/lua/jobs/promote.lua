-- promote: a delayed job is due: push its message to the front of its queue.
--
-- KEYS  1-7 as in includes/move_keys.lua · 8 message LIST · 9 its line ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 queue · 4 priority · 5 task
-- Returns 1, or 0 when there was nothing to do
--
--! include clock
--! include push_message
--! include move_keys
local list_key, line_key = unpack(KEYS, 8, 9)
local given_ms, id, queue, priority, task = unpack(ARGV, 1, 5)

local due = redis.call('ZSCORE', delayed_key, id)
if not due or tonumber(due) > clock(given_ms) then
  return 0
end
local is_queued = redis.call('HGET', job_key, 'state') == 'Queued'
if is_queued then
  redis.call('HSET', job_key, 'queued_ms', due)
  push_message(list_key, line_key, places_key, queue, priority, task, id, true)
end
-- Last: were the script to fail before, it would be found due again.
redis.call('ZREM', delayed_key, id)
return is_queued and 1 or 0
