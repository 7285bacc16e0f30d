-- reap: a lease is past due, its worker is gone: Queued again with a fresh message at the front,
-- or ended when the client asked to cancel or the job has taken down too many workers.
--
-- KEYS  1-7 as in includes/move_keys.lua · 8 message LIST · 9 its line ZSET
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
--! include flows
--! include move_keys
--! include finish
local list_key, line_key = unpack(KEYS, 8, 9)
local given_ms, id, queue, priority, task, most_crashes, lost_body, cancelled_body, lost_status,
  cancelled_status, broken_body, broken_status =
  unpack(ARGV, 1, 12)

local now = clock(given_ms)
local lease = redis.call('ZSCORE', leases_key, id)
if not lease or tonumber(lease) > now then
  return 'kept'
end
local job = redis.call('HMGET', job_key, 'state', 'cancel', 'attempt', 'started_ms', 'worker', 'owner',
  'flow', 'flow_place')
if job[1] ~= 'Started' then
  redis.call('ZREM', leases_key, id)
  return 'kept'
end
-- A row as `shared/jobs/job.py` reads it. Which provider was called only the worker knew.
redis.call('HSET', job_key, 'attempt:' .. job[3], '{"number":' .. job[3]
  .. ',"provider":"","started_ms":' .. job[4] .. ',"duration_ms":'
  .. whole(math.max(0, now - tonumber(job[4]))) .. ',"outcome":"worker_lost","detail":'
  .. cjson.encode('The worker ' .. job[5] .. ' was lost.') .. '}')
local crashes = redis.call('HINCRBY', job_key, 'crashes', 1)
if job[2] then
  finish(id, now, 'Cancelled', cancelled_status, 'error', cancelled_body)
  return 'cancelled'
end
if crashes >= tonumber(most_crashes) then
  finish(id, now, 'Failed', lost_status, 'error', lost_body)
  return 'failed'
end
-- Chunks were relayed: another attempt would say something else from the start.
if redis.call('EXISTS', job_key .. ':chunks') == 1 then
  finish(id, now, 'Failed', broken_status, 'error', broken_body)
  return 'failed'
end
if job[7] then
  flow_of(deadlines_key, job[6], job[7], now).stand_again(job[8], id)
end
push_message(list_key, line_key, places_key, queue, priority, task, id, true)
redis.call('HSET', job_key, 'state', 'Queued', 'queued_ms', whole(now))
-- Last: were the script to fail before, the lease would be found again.
redis.call('ZREM', leases_key, id)
return 'requeued'
