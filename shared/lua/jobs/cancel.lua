-- cancel: end a job that waits; ask the attempt of one that runs to abort.
--
-- KEYS  1-7 as in includes/move_keys.lua · 8-10 the model's lines ZSET · 11-13 missing ZSET
--       14-16 waiting ZSET · 17-19 the owner's waiting ZSET · 20 jobs:later ZSET
--       21 the owner's later ZSET · 22-27 the waiting ZSETs at its gate, if it is another than that
--       of the queue
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 error body · 4 HTTP status
--       5 prefix of abort channels
-- Returns 'cancelled' | 'aborting' | 'ended' (it had ended before)
--
--! include clock
--! include push_message
--! include wake
--! include owner_bytes
--! include flows
--! include move_keys
--! include finish
local FIRST_PLACE_IN_LINE = 8
local given_ms, id, error_body, error_status, aborts_prefix = unpack(ARGV, 1, 5)

local job = redis.call('HMGET', job_key, 'state', 'worker')
if job[1] == 'Queued' then
  for i = FIRST_PLACE_IN_LINE, #KEYS do
    redis.call('ZREM', KEYS[i], id)
  end
  finish(id, clock(given_ms), 'Cancelled', error_status, 'error', error_body)
  return 'cancelled'
end
if job[1] == 'Started' then
  redis.call('HSET', job_key, 'cancel', '1')
  redis.call('PUBLISH', aborts_prefix .. job[2], id)
  return 'aborting'
end
return 'ended'
