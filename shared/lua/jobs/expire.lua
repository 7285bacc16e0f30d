-- expire: a job that still waits when its deadline is past ends Failed.
--
-- KEYS  1-7 as in includes/move_keys.lua · 8-10 the model's lines ZSET · 11-13 missing ZSET
--       14-16 waiting ZSET · 17-19 the owner's waiting ZSET · 20 jobs:later ZSET
--       21 the owner's later ZSET · 22-27 the waiting ZSETs at its gate, if it is another than that
--       of the queue
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 error body · 4 HTTP status
--       5 when to look again at a job that runs (ms from now)
-- Returns 'failed' | 'kept' (not due, or it runs: its attempt keeps the deadline itself)
--
--! include clock
--! include push_message
--! include wake
--! include owner_bytes
--! include flows
--! include move_keys
--! include finish
local FIRST_PLACE_IN_LINE = 8
local given_ms, id, error_body, error_status, later_ms = unpack(ARGV, 1, 5)

local now = clock(given_ms)
local deadline = redis.call('ZSCORE', deadlines_key, id)
if not deadline or tonumber(deadline) > now then
  return 'kept'
end
local state = redis.call('HGET', job_key, 'state')
if state == 'Started' then
  redis.call('ZADD', deadlines_key, whole(now + tonumber(later_ms)), id)
  return 'kept'
end
if state ~= 'Queued' then
  redis.call('ZREM', deadlines_key, id)
  return 'kept'
end
for i = FIRST_PLACE_IN_LINE, #KEYS do
  redis.call('ZREM', KEYS[i], id)
end
finish(id, now, 'Failed', error_status, 'error', error_body)
return 'failed'
