-- stand: which of an owner's jobs have ended, and which are not there.
--
-- KEYS  1… the HASHes of the jobs
-- ARGV  1 owner
-- Returns for each job: 1 it has ended · 0 not yet · -1 there is none of this owner
--
-- Who looks at a thousand jobs again and again wants to know no more of those that still run.
local owner = ARGV[1]

local ENDED = {Completed = 1, Failed = 1, Cancelled = 1}

local told = {}
for i, job_key in ipairs(KEYS) do
  local job = redis.call('HMGET', job_key, 'state', 'owner')
  told[i] = job[2] == owner and (ENDED[job[1]] or 0) or -1
end
return told
