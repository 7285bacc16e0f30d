-- stand: which of an owner's jobs have ended, and which are not there.
--
-- KEYS  none
-- ARGV  1 prefix of job keys · 2 owner · 3… ids
-- Returns for each id: 1 it has ended · 0 not yet · -1 there is none of this owner
--
-- Who looks at a thousand jobs again and again wants to know no more of those that still run.
local jobs_prefix, owner = unpack(ARGV, 1, 2)
local FIRST_ID = 3

local ENDED = {Completed = 1, Failed = 1, Cancelled = 1}

local told = {}
for i = FIRST_ID, #ARGV do
  local job = redis.call('HMGET', jobs_prefix .. ARGV[i], 'state', 'owner')
  told[#told + 1] = job[2] == owner and (ENDED[job[1]] or 0) or -1
end
return told
