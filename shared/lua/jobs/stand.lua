-- stand: which of an owner's jobs have ended, and which are not there.
--
-- KEYS  1… the HASHes of the jobs
-- ARGV  1 owner
-- Returns for each job: 1 and the bytes of what it came to, if it has ended · 0 not yet
--         · -1 there is none of this owner
--
-- Who looks at a thousand jobs again and again wants to know no more of those that still run.
local owner = ARGV[1]

local ENDED = {Completed = true, Failed = true, Cancelled = true}

local told = {}
for i, job_key in ipairs(KEYS) do
  local job = redis.call('HMGET', job_key, 'state', 'owner')
  if job[2] ~= owner then
    told[i] = -1
  elseif ENDED[job[1]] then
    told[i] = 1 + redis.call('HSTRLEN', job_key, 'response') + redis.call('HSTRLEN', job_key, 'error')
  else
    told[i] = 0
  end
end
return told
