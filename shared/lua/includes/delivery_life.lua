-- How long a delivery lives, and what lives with it.
--
-- Needs the first four KEYS of the moves that end or revive a delivery (`shared/callbacks/delivery_store.py`):
--   1 delivery HASH · 2 its log LIST · 3 job HASH · 4 jobs:ref STRING

-- It is over: all of it goes when the time to live (ms) has passed.
local function end_delivery(now, state, reason, ttl_ms)
  redis.call('HSET', KEYS[1], 'state', state, 'reason', reason, 'ended_ms', whole(now))
  if state == 'Delivered' then
    redis.call('HSET', KEYS[3], 'notified_ms', whole(now))
  end
  index_delivery(KEYS[1], state, now + tonumber(ttl_ms))
  -- A job that is not in the history yet stays until it is.
  for i = 1, redis.call('HEXISTS', KEYS[3], 'unstored') == 1 and 2 or 4 do
    redis.call('PEXPIRE', KEYS[i], ttl_ms)
  end
end

-- It begins anew: its job stays until it is over again.
local function revive_delivery()
  index_delivery(KEYS[1], 'Pending', false)
  for i = 1, 4 do
    redis.call('PERSIST', KEYS[i])
  end
end
