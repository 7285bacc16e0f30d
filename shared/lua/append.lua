-- append: add chunks to a job's stream, while it is Started by this attempt.
--
-- KEYS  1 job HASH · 2 its chunks STREAM
-- ARGV  1 attempt · 2 most entries kept · 3 chunks, separated by RS (30)
-- Returns 1, or 0 when another attempt has the job
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt')
if job[1] ~= 'Started' or job[2] ~= ARGV[1] then
  return 0
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'chunks', ARGV[3])
return 1
