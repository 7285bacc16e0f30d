-- wake(mailboxes): tell every gateway process that waits for a job to look at it again.
-- mailboxes: a field of the job with entries 'channel|token' separated by spaces, or none.
-- news: what those hear besides whose token ends with '+'; processes of older versions know none.
local function wake(mailboxes, news)
  for channel, token in string.gmatch(mailboxes or '', '(%S-)|(%S+)') do
    redis.call('PUBLISH', channel, string.sub(token, -1) == '+' and news and token .. news or token)
  end
end
