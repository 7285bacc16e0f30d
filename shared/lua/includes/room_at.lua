-- room_at(endpoint, now, limits): what is known of an endpoint and its host.
-- find_room(endpoint, known, leases): whether one more attempt may run now.
--
-- limits: {endpoint, host: most attempts at once · failures, rest: of the breakers}
--
-- Classes of endpoints: 'p', proven: it answered in time when last asked; 'n', new: it was never
-- asked; 's', suspect: it did not answer in time, or has failed so often that it rests. What is not
-- proven may hold its place for long: it gets one attempt at once, and so does one whose rest is
-- over: the attempt is a probe.
--
-- Who may have one more place of a host, so that somebody else always finds one, too:
--   an owner, while what it has is less than three times what is free (of 100 it can get 75), or
--     nine times for proven endpoints;
--   suspects, while together they have less than a quarter;
--   an endpoint that has n already, while the others have less than 1/(n + 1).
local function limits_of(at_endpoint, at_host, failures, rest_ms)
  return {endpoint = tonumber(at_endpoint), host = tonumber(at_host),
    failures = tonumber(failures), rest = tonumber(rest_ms)}
end

-- Until when it rests. Further ahead than any rest is: the clock was set back.
local function rests_until(fails, until_ms, now, limits)
  until_ms = tonumber(until_ms or 0)
  return fails >= limits.failures and now < until_ms and until_ms <= now + limits.rest and until_ms
end

local function room_at(endpoint, now, limits)
  local row = redis.call('HMGET', endpoint.key, 'proven', 'fails', 'rest_until_ms')
  local at = redis.call('HMGET', endpoint.host.key, 'fails', 'rest_until_ms')
  local fails, lost = tonumber(row[2] or 0), tonumber(at[1] or 0)
  local class = (row[1] == '0' or fails >= limits.failures) and 's' or row[1] == '1' and 'p' or 'n'
  local known = {class = class, rest = rests_until(fails, row[3], now, limits),
    most = class == 'p' and limits.endpoint or 1, host = limits.host,
    host_rest = rests_until(lost, at[2], now, limits)}
  -- It cannot be reached: one looks whether it can, a few while that may have been chance.
  if lost > 0 then
    known.host = lost >= limits.failures and 1 or math.min(limits.host, limits.endpoint)
  end
  return known
end

local function count_flight(endpoint, leases, sweep)
  local has = {all = 0, here = 0, owner = 0, slow = 0, suspects = 0}
  local rows, whose = redis.call('HGETALL', endpoint.host.flight), '\31' .. endpoint.owner .. '\31'
  for i = 1, #rows, 2 do
    if sweep and not redis.call('ZSCORE', leases, rows[i]) then
      redis.call('HDEL', endpoint.host.flight, rows[i])
    else
      local class, name = string.sub(rows[i + 1], 1, 1), string.sub(rows[i + 1], 2)
      local same = string.find(name, whose, 1, true) and 1 or 0
      has.all, has.owner = has.all + 1, has.owner + same
      has.slow = has.slow + (class == 'p' and 0 or same)
      has.suspects = has.suspects + (class == 's' and 1 or 0)
      has.here = has.here + (name == endpoint.name and 1 or 0)
    end
  end
  return has
end

-- What stands in the way of one more: 'endpoint' (it has all it may have), 'crowd' (for this one, as
-- it has one already), 'share' (for all of its owner and class), 'host', or false.
local function in_the_way(known, has)
  local most, free = known.host, known.host - has.all
  if has.here >= known.most then
    return 'endpoint'
  elseif free <= 0 then
    return 'host'
  elseif has.here > 0 and (has.all - has.here) * (has.here + 1) >= most then
    return 'crowd'
  elseif known.class == 's' and has.suspects >= math.max(1, math.floor(most / 4)) then
    return 'share'
  elseif known.class == 'p' then
    return has.owner >= 9 * free and 'share'
  end
  return has.slow >= 3 * free and 'share'
end

-- Returns false, or what stands in the way (and until when, if that is a rest).
local function find_room(endpoint, known, leases)
  if known.host_rest then
    return 'host', known.host_rest
  elseif known.rest then
    return 'endpoint', known.rest
  end
  local way = in_the_way(known, count_flight(endpoint, leases, false))
  return way and in_the_way(known, count_flight(endpoint, leases, true))
end

-- How many more attempts the host may have at once.
local function free_at(host, now, limits, leases)
  local nobody = {key = host.key .. '\31nobody', name = '', owner = '', host = host}
  return room_at(nobody, now, limits).host - count_flight(nobody, leases, true).all
end
