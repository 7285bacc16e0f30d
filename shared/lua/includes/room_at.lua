-- room_at(receiver, leases, now, limit, failures, rest_ms)
--
-- How many more attempts may run now; whether it is proven; until when it rests, if it does.
-- One that is not proven may hold a worker's slot for long: it gets one attempt at once. So does
-- one whose rest is over: the attempt is a probe.
local function room_at(receiver, leases, now, limit, failures, rest_ms)
  local row = redis.call('HMGET', receiver.key, 'proven', 'fails', 'rest_until_ms')
  local proven, failing = row[1] == '1', tonumber(row[2] or 0) >= failures
  local rest_until = tonumber(row[3] or 0)
  -- Further ahead than any rest is: the clock was set back.
  if failing and now < rest_until and rest_until <= now + rest_ms then
    return 0, proven, rest_until
  end
  local most = (failing or not proven) and 1 or limit
  local flying = redis.call('SCARD', receiver.flight)
  if flying >= most then
    for _, id in ipairs(redis.call('SMEMBERS', receiver.flight)) do
      if not redis.call('ZSCORE', leases, id) then
        flying = flying - redis.call('SREM', receiver.flight, id)
      end
    end
  end
  return math.max(0, most - flying), proven, false
end
