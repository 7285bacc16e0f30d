-- wake(mailboxes): tell every gateway process that waits for a job to look at it again.
-- mailboxes: a field of the job with entries 'channel|token' separated by spaces, or none.
local function wake(mailboxes)
  for channel, token in string.gmatch(mailboxes or '', '(%S-)|(%S+)') do
    redis.call('PUBLISH', channel, token)
  end
end
