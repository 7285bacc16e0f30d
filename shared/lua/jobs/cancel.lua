-- cancel: end a job that waits; ask the attempt of one that runs to abort.
--
-- KEYS  1-7 as in includes/finish.lua · 8-10 the model's lines ZSET · 11-13 missing ZSET
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
--! include finish
local job = redis.call('HMGET', KEYS[1], 'state', 'worker')
if job[1] == 'Queued' then
  for i = 8, #KEYS do
    redis.call('ZREM', KEYS[i], ARGV[2])
  end
  finish(ARGV[2], clock(ARGV[1]), 'Cancelled', ARGV[4], 'error', ARGV[3])
  return 'cancelled'
end
if job[1] == 'Started' then
  redis.call('HSET', KEYS[1], 'cancel', '1')
  redis.call('PUBLISH', ARGV[5] .. job[2], ARGV[2])
  return 'aborting'
end
return 'ended'
