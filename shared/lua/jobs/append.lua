-- append: add a batch of chunks to a job's stream, while it is Started by this attempt.
--
-- KEYS  1 job HASH · 2 its chunks STREAM
-- ARGV  1 attempt · 2 number of the batch, from 1 · 3 most entries kept
--       4 chunks, separated by RS (30)
-- Returns 1, or 0 when another attempt has the job, or has said something before
--
-- The same batch may come twice, when the first answer got lost: it is added once.
local job_key, chunks_key = unpack(KEYS, 1, 2)
local attempt, number, most_entries, chunks = unpack(ARGV, 1, 4)

local job = redis.call('HMGET', job_key, 'state', 'attempt', 'relayed_by', 'relayed')
if job[1] ~= 'Started' or job[2] ~= attempt or (job[3] or attempt) ~= attempt then
  return 0
end
if tonumber(number) > tonumber(job[4] or 0) then
  redis.call('XADD', chunks_key, 'MAXLEN', '~', most_entries, '*', 'chunks', chunks)
  redis.call('HSET', job_key, 'relayed_by', attempt, 'relayed', number)
end
return 1
