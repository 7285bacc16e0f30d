-- park(endpoint, known, way, until_ms, id, due, at, now): a delivery waits with its endpoint.
-- stand_in_turn(endpoint, class, places): the endpoint waits for a place of its host.
--
-- at: {wakes, places · parked: all ids that are parked}. An endpoint that waits for itself (it
-- rests, or has all it may have) is not in the way of the others of its host: it is looked at when
-- its rest is over or one of its attempts ends.
local function stand_in_turn(endpoint, class, places)
  local place = whole(redis.call('INCR', places))
  local flow = class .. endpoint.owner
  redis.call('ZADD', endpoint.host.turns .. '\31' .. flow, 'NX', place, endpoint.name)
  redis.call('ZADD', endpoint.host.turns, 'NX', place, flow)
end

local function wait_with(endpoint, known, way, until_ms, at, now)
  if way ~= 'endpoint' then
    stand_in_turn(endpoint, known.class, at.places)
  end
  local name = way == 'endpoint' and endpoint.name or endpoint.host.name
  if until_ms then
    redis.call('ZADD', at.wakes, whole(until_ms), name)
  else
    redis.call('ZADD', at.wakes, 'NX', whole(now + WAKE_MS), name)
  end
end

local function park(endpoint, known, way, until_ms, id, due, at, now)
  redis.call('ZADD', endpoint.parked, due, id)
  redis.call('SADD', at.parked, id)
  wait_with(endpoint, known, way, until_ms, at, now)
end
