-- reap: a lease is past due, its worker is gone: Queued again with a fresh message at the front,
-- or ended when the client asked to cancel or the job has taken down too many workers.
--
-- KEYS  1-7 as in includes/finish.lua · 8 message LIST · 9 its line ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 queue · 4 priority · 5 task
--       6 most crashes · 7 error body when reached · 8 error body when cancelled
--       9 HTTP status of 7 · 10 HTTP status of 8 · 11 error body when its stream had begun
--       12 HTTP status of 11
-- Returns 'requeued' | 'failed' | 'cancelled' | 'kept'
--
--! include clock
--! include push_message
--! include wake
--! include owner_bytes
--! include finish
local now = clock(ARGV[1])
local lease = redis.call('ZSCORE', KEYS[2], ARGV[2])
if not lease or tonumber(lease) > now then
  return 'kept'
end
local job = redis.call('HMGET', KEYS[1], 'state', 'cancel', 'attempt', 'started_ms', 'worker')
if job[1] ~= 'Started' then
  redis.call('ZREM', KEYS[2], ARGV[2])
  return 'kept'
end
-- A row as `shared/jobs/job.py` reads it. Which provider was called only the worker knew.
redis.call('HSET', KEYS[1], 'attempt:' .. job[3], '{"number":' .. job[3]
  .. ',"provider":"","started_ms":' .. job[4] .. ',"duration_ms":'
  .. whole(math.max(0, now - tonumber(job[4]))) .. ',"outcome":"worker_lost","detail":'
  .. cjson.encode('The worker ' .. job[5] .. ' was lost.') .. '}')
local crashes = redis.call('HINCRBY', KEYS[1], 'crashes', 1)
if job[2] then
  finish(ARGV[2], now, 'Cancelled', ARGV[10], 'error', ARGV[8])
  return 'cancelled'
end
if crashes >= tonumber(ARGV[6]) then
  finish(ARGV[2], now, 'Failed', ARGV[9], 'error', ARGV[7])
  return 'failed'
end
-- Chunks were relayed: another attempt would say something else from the start.
if redis.call('EXISTS', KEYS[1] .. ':chunks') == 1 then
  finish(ARGV[2], now, 'Failed', ARGV[12], 'error', ARGV[11])
  return 'failed'
end
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[1], 'state', 'Queued', 'queued_ms', whole(now))
push_message(KEYS[8], KEYS[9], KEYS[7], ARGV[3], ARGV[4], ARGV[5], ARGV[2], true)
return 'requeued'
