-- Most bytes of a result that its news carries: what is told and not heard yet is in Redis's memory.
local NEWS_BYTES = 8192

-- What who waits hears of the result, to be spared the question; as `read_news` in
-- `shared/ledger/news.py` reads it. '' where it is to be asked for.
local function news_of(id, created, executed, provider, status, field, body)
  if #body > NEWS_BYTES then
    return ''
  end
  return table.concat({'', id, created, executed, provider or '', status, field, body}, '\31')
end

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
  -- First what completes it: were the script to fail behind it, the job would be found.
  -- The doorbell: one message when the pending list was empty, none while somebody works on it.
  if redis.call('ZCARD', executed_key) == 0 then
    push_message(completion_list, false, places_key, 'completion', 0, 'workers.completion.run', id, false)
  end
  redis.call('ZADD', executed_key, whole(now), id)
  redis.call('HSET', job_key, 'state', 'Executed', 'outcome', outcome, 'status', status,
    field, body, 'executed_ms', whole(now), ...)
  local job = redis.call('HMGET', job_key, 'streamed', 'owner', 'flow', 'flow_place', 'mailboxes',
    'watchers', 'adjusted', 'created_ms', 'at')
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
  if job[5] then
    -- What the answer could not follow is for the reader of the job to tell.
    wake(job[5], job[7] and '' or news_of(id, job[8], whole(now), job[9], status, field, body))
  end
  wake(job[6])
end
