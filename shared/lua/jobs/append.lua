-- append: add a batch of chunks to a job's stream, while it is Started by this attempt.
--
-- KEYS  1 job HASH · 2 its chunks STREAM
-- ARGV  1 attempt · 2 number of the batch, from 1 · 3 most entries kept
--       4 chunks, separated by RS (30)
-- Returns 1, or 0 when another attempt has the job, or has said something before
--
-- The same batch may come twice, when the first answer got lost: it is added once.
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'relayed_by', 'relayed')
if job[1] ~= 'Started' or job[2] ~= ARGV[1] or (job[3] or ARGV[1]) ~= ARGV[1] then
  return 0
end
if tonumber(ARGV[2]) > tonumber(job[4] or 0) then
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'chunks', ARGV[4])
  redis.call('HSET', KEYS[1], 'relayed_by', ARGV[1], 'relayed', ARGV[2])
end
return 1
