-- note_outcome(receiver, outcome, now, failures, rest_ms)
--
-- Remember what an attempt told. outcome: answered | failed | timed_out | none.
-- Returns whether more attempts at once are allowed than before.
local RECEIVER_MEMORY_MS = 86400000

local function note_outcome(receiver, outcome, now, failures, rest_ms)
  if outcome == 'none' then
    return false
  end
  local row = redis.call('HMGET', receiver.key, 'proven', 'fails')
  if outcome == 'answered' then
    redis.call('HSET', receiver.key, 'proven', '1', 'fails', '0')
  else
    if redis.call('HINCRBY', receiver.key, 'fails', 1) >= failures then
      redis.call('HSET', receiver.key, 'rest_until_ms', whole(now + rest_ms))
    end
    if outcome == 'timed_out' then
      redis.call('HSET', receiver.key, 'proven', '0')
    end
  end
  redis.call('PEXPIRE', receiver.key, RECEIVER_MEMORY_MS)
  return outcome == 'answered' and (row[1] ~= '1' or tonumber(row[2] or 0) >= failures)
end
