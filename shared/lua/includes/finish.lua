-- finish(id, now, outcome, status, field, body, …): the job has its one result.
--
-- Needs includes/move_keys.lua and includes/flows.lua.
-- The job's stream is derived from its key: job_key .. ':chunks'; and from deadlines_key, what its owner's
-- jobs hold (includes/owner_bytes.lua).
-- `mailboxes`: of who waits for the result, and hears of it here; `watchers`: of who hears of the end too.
-- outcome: Completed | Failed | Cancelled, which complete.lua makes the state.
-- status: HTTP status for a waiting client. field: 'response' or 'error', where body goes. What follows
-- are more fields and their values.
local function finish(id, now, outcome, status, field, body, ...)
  redis.call('HSET', job_key, 'state', 'Executed', 'outcome', outcome, 'status', status,
    field, body, 'executed_ms', whole(now), ...)
  local job = redis.call('HMGET', job_key, 'streamed', 'owner', 'flow', 'flow_place', 'mailboxes',
    'watchers')
  -- Who follows the stream of chunks learns here that it is over, and how.
  if job[1] == '1' then
    redis.call('XADD', job_key .. ':chunks', '*', 'end', outcome)
  end
  release_bytes(deadlines_key, job[2], id)
  if job[3] then
    flow_of(deadlines_key, job[2], job[3], now).ended(job[4], id)
  end
  redis.call('ZREM', leases_key, id)
  redis.call('ZREM', deadlines_key, id)
  redis.call('ZREM', delayed_key, id)
  -- The doorbell: one message when the pending list was empty, none while somebody works on it.
  if redis.call('ZCARD', executed_key) == 0 then
    push_message(completion_list, false, places_key, 'completion', 0, 'workers.completion.run', id, false)
  end
  redis.call('ZADD', executed_key, whole(now), id)
  wake(job[5])
  wake(job[6])
end
