-- let_go(host, most, at, now, limits, take)
--
-- Let up to `most` deliveries that wait for this host go: owners and classes take turns, in each
-- its endpoints, of which the longest due. See to it that the rest is not forgotten. Returns how
-- many went, and, if the caller may take one itself, the first: it stands in line without a
-- message, so it is as good as any whose message was lost.
--
-- at: {endpoints, hosts: prefixes · leases, wakes, parked, places · list, line: of the callbacks}
local LOOKS = 64

-- The first is pushed last, so that it is the first at the consuming end; or is the caller's.
local function push_all(ids, at, take)
  for i = #ids, 1, -1 do
    if take and i == 1 then
      redis.call('ZADD', at.line, -redis.call('INCR', at.places), ids[1])
    else
      push_message(at.list, at.line, at.places, 'callbacks', 0, 'workers.callbacks.run', ids[i], true)
    end
  end
end

-- The flow stands behind the others, or leaves when nobody is left in it.
local function end_turn(host, flow, at)
  if redis.call('EXISTS', host.turns .. '\31' .. flow) == 1 then
    redis.call('ZADD', host.turns, whole(redis.call('INCR', at.places)), flow)
  else
    redis.call('ZREM', host.turns, flow)
  end
end

-- Look at the endpoint whose turn it is in a flow. Returns the id of the delivery that went, or what
-- stood in its way, if that stands in the way of its whole flow.
local function take_turn(host, flow, at, now, limits, gone)
  local waiting = host.turns .. '\31' .. flow
  local first = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')
  local endpoint = first[1] and endpoint_named(at.endpoints, at.hosts, first[1])
  if endpoint then
    redis.call('ZREM', waiting, first[1])
  end
  if not endpoint or redis.call('EXISTS', endpoint.parked) == 0 then
    return
  end
  local known, id = room_at(endpoint, now, limits), nil
  local way, until_ms = find_room(endpoint, known, at.leases)
  local before = gone[endpoint.name] or 0
  if not way and before >= known.most then
    way = 'endpoint'
  end
  if not way then
    id, gone[endpoint.name] = redis.call('ZRANGE', endpoint.parked, 0, 0)[1], before + 1
    leave_parked(endpoint, id, at.parked)
    if redis.call('EXISTS', endpoint.parked) == 1 then
      stand_in_turn(endpoint, known.class, at.places)
    end
  elseif flow == known.class .. endpoint.owner and (way == 'share' or way == 'host') then
    redis.call('ZADD', waiting, first[2], first[1])
    return nil, way
  else
    wait_with(endpoint, known, way, until_ms, at, now)
  end
  return id
end

-- See to it that a host where endpoints wait is not forgotten.
local function look_again(host, at, now, limits)
  if redis.call('EXISTS', host.turns) == 0 then
    redis.call('ZREM', at.wakes, host.name)
    return
  end
  local row = redis.call('HMGET', host.key, 'fails', 'rest_until_ms')
  local rest = rests_until(tonumber(row[1] or 0), row[2], now, limits)
  if rest then
    redis.call('ZADD', at.wakes, whole(rest), host.name)
  else
    redis.call('ZADD', at.wakes, 'NX', whole(now + WAKE_MS), host.name)
  end
end

local function let_go(host, most, at, now, limits, take)
  local ids, aside, gone = {}, {}, {}
  for _ = 1, LOOKS do
    local turn = #ids < most and redis.call('ZRANGE', host.turns, 0, 0, 'WITHSCORES') or {}
    local flow = turn[1]
    if not flow then
      break
    end
    local id, way = take_turn(host, flow, at, now, limits, gone)
    ids[#ids + 1] = id
    if way == 'host' then
      break
    elseif way then
      -- It keeps its place among the flows.
      redis.call('ZREM', host.turns, flow)
      aside[#aside + 1] = turn
    else
      end_turn(host, flow, at)
    end
  end
  for _, turn in ipairs(aside) do
    redis.call('ZADD', host.turns, turn[2], turn[1])
  end
  push_all(ids, at, take)
  look_again(host, at, now, limits)
  return #ids, take and ids[1]
end
