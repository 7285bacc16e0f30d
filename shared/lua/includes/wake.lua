-- wake(job_key): tell every gateway process that waits for this job to look at it again.
-- `mailboxes` holds entries 'channel|token' separated by spaces.
local function wake(job_key)
  local mailboxes = redis.call('HGET', job_key, 'mailboxes')
  if mailboxes then
    for channel, token in string.gmatch(mailboxes, '(%S-)|(%S+)') do
      redis.call('PUBLISH', channel, token)
    end
  end
end
