-- watch: leave a mailbox in the job, to hear when it moves.
--
-- KEYS  1 job HASH
-- ARGV  1 mailbox entry 'channel|token' · 2 most bytes of all entries
-- Returns the job's state, or false when there is no such job
local job = redis.call('HMGET', KEYS[1], 'state', 'mailboxes')
if job[1] == 'Queued' or job[1] == 'Started' or job[1] == 'Executed' then
  -- The newest stay; a waiter that fell off still looks at the job every few seconds.
  local all = ARGV[1] .. ' ' .. (job[2] or '')
  redis.call('HSET', KEYS[1], 'mailboxes', string.sub(all, 1, tonumber(ARGV[2])))
end
return job[1]
