-- finish(id, now, outcome, status, field, body): the job has its one result.
--
-- Needs the first seven KEYS of every job move (see `shared/queues/queue_keys.py`):
--   1 job HASH · 2 jobs:leases ZSET · 3 jobs:deadlines ZSET · 4 jobs:delayed ZSET
--   5 jobs:executed ZSET · 6 completion LIST · 7 jobs:place STRING
-- The job's stream is derived from its key: KEYS[1] .. ':chunks'; and from KEYS[3], what its owner's
-- jobs hold (includes/owner_bytes.lua).
-- outcome: Completed | Failed | Cancelled, which complete.lua makes the state.
-- status: HTTP status for a waiting client. field: 'response' or 'error', where body goes.
local function finish(id, now, outcome, status, field, body)
  redis.call('HSET', KEYS[1], 'state', 'Executed', 'outcome', outcome, 'status', status,
    field, body, 'executed_ms', whole(now))
  local job = redis.call('HMGET', KEYS[1], 'streamed', 'owner')
  -- Who follows the stream of chunks learns here that it is over, and how.
  if job[1] == '1' then
    redis.call('XADD', KEYS[1] .. ':chunks', '*', 'end', outcome)
  end
  release_bytes(KEYS[3], job[2], id)
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
  redis.call('ZREM', KEYS[4], id)
  -- The doorbell: one message when the pending list was empty, none while somebody works on it.
  if redis.call('ZCARD', KEYS[5]) == 0 then
    push_message(KEYS[6], false, KEYS[7], 'completion', 0, 'workers.completion.run', id, false)
  end
  redis.call('ZADD', KEYS[5], whole(now), id)
  wake(KEYS[1])
end
