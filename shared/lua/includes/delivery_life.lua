-- How long a delivery lives, and what lives with it.
--
-- Needs includes/delivery_keys.lua.

-- It is over: all of it goes when the time to live (ms) has passed.
local function end_delivery(now, state, reason, ttl_ms)
  redis.call('HSET', delivery_key, 'state', state, 'reason', reason, 'ended_ms', whole(now))
  if state == 'Delivered' then
    redis.call('HSET', job_key, 'notified_ms', whole(now))
  end
  index_delivery(delivery_key, state, now + tonumber(ttl_ms))
  -- A job that is not in the history yet stays until it is.
  redis.call('PEXPIRE', delivery_key, ttl_ms)
  redis.call('PEXPIRE', log_key, ttl_ms)
  if redis.call('HEXISTS', job_key, 'unstored') == 0 then
    redis.call('PEXPIRE', job_key, ttl_ms)
    redis.call('PEXPIRE', ref_key, ttl_ms)
  end
end

-- It begins anew: its job stays until it is over again.
local function revive_delivery()
  index_delivery(delivery_key, 'Pending', false)
  for _, key in ipairs({delivery_key, log_key, job_key, ref_key}) do
    redis.call('PERSIST', key)
  end
end
