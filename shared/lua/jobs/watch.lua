-- watch: leave a mailbox in the job, to hear when it moves.
--
-- KEYS  1 job HASH
-- ARGV  1 mailbox entry 'channel|token' · 2 most bytes of all entries
-- Returns the job's state, or false when there is no such job
local job_key = KEYS[1]
local entry, most_bytes = unpack(ARGV, 1, 2)

local job = redis.call('HMGET', job_key, 'state', 'watchers')
if job[1] == 'Queued' or job[1] == 'Started' or job[1] == 'Executed' then
  -- The newest stay; a waiter that fell off still looks at the job every few seconds.
  local all = entry .. ' ' .. (job[2] or '')
  redis.call('HSET', job_key, 'watchers', string.sub(all, 1, tonumber(most_bytes)))
end
return job[1]
