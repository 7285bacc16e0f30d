-- unpark(receiver, wakes, list, line, place_counter, most, look_at)
--
-- Let up to `most` parked deliveries go, the longest due first; see to it that the rest is not
-- forgotten. Returns how many went.
local function unpark(receiver, wakes, list, line, place_counter, most, look_at)
  local ids = most > 0 and redis.call('ZRANGE', receiver.parked, 0, most - 1) or {}
  -- The longest due is pushed last, so that it is the first at the consuming end.
  for i = #ids, 1, -1 do
    redis.call('ZREM', receiver.parked, ids[i])
    push_message(list, line, place_counter, 'callbacks', 0, 'workers.callbacks.run', ids[i], true)
  end
  if redis.call('EXISTS', receiver.parked) == 1 then
    redis.call('ZADD', wakes, whole(look_at), receiver.name)
  else
    redis.call('ZREM', wakes, receiver.name)
  end
  return #ids
end
