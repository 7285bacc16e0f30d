-- unpark(receiver, wakes, list, line, place_counter, most, look_at, take)
--
-- Let up to `most` parked deliveries go, the longest due first; see to it that the rest is not
-- forgotten. Returns how many went, and, if the caller may take one itself, the longest due: it
-- stands in line without a message, so it is as good as any whose message was lost.
local function unpark(receiver, wakes, list, line, place_counter, most, look_at, take)
  local ids = most > 0 and redis.call('ZRANGE', receiver.parked, 0, most - 1) or {}
  -- The longest due is pushed last, so that it is the first at the consuming end.
  for i = #ids, 1, -1 do
    redis.call('ZREM', receiver.parked, ids[i])
    if take and i == 1 then
      redis.call('ZADD', line, -redis.call('INCR', place_counter), ids[i])
    else
      push_message(list, line, place_counter, 'callbacks', 0, 'workers.callbacks.run', ids[i], true)
    end
  end
  if redis.call('EXISTS', receiver.parked) == 1 then
    redis.call('ZADD', wakes, whole(look_at), receiver.name)
  else
    redis.call('ZREM', wakes, receiver.name)
  end
  return #ids, take and ids[1]
end
