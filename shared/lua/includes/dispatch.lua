-- Tiers: a job of a better tier goes before all others of its line, its owner's and other owners' alike.
-- It is in the score by which a job stands: -1, 0 or 1 times TIER, and its place. Places of jobs that had a
-- turn before are from -1e15 on, so all tiers are whole numbers that a double holds.
local TIER = 2e15

local function place_in(tier, place)
  return whole(tonumber(tier or 0) * TIER + place)
end

local function tier_of(score)
  return math.floor((tonumber(score) + TIER / 2) / TIER)
end

-- owner_waits(turns, owner, score, weight): an owner has a job waiting at this score, or one more.
--
-- An owner of some weight has so many turns in a row; turns(31)weights HASH: owner -> weight, and with the
-- separator before: turns had of these. Others, most of all, have no field there.
local function owner_waits(turns, owner, score, weight)
  local added = redis.call('ZADD', turns, 'NX', score, owner)
  if added == 0 and tier_of(redis.call('ZSCORE', turns, owner)) > tier_of(score) then
    redis.call('ZADD', turns, score, owner)
  end
  if weight then
    redis.call('HSET', turns .. '\31weights', owner, weight)
  end
end

-- The owner has had its turn; following: the score of its next job, nil for none.
local function end_owners_turn(turns, owner, score, following, place_counter)
  local weights = turns .. '\31weights'
  local weight = redis.call('HGET', weights, owner)
  if not following then
    redis.call('ZREM', turns, owner)
    if weight then
      redis.call('HDEL', weights, owner, '\31' .. owner)
    end
    return
  end
  local tier = tier_of(following)
  if weight and tier == tier_of(score)
    and redis.call('HINCRBY', weights, '\31' .. owner, 1) < tonumber(weight) then
    return
  end
  if weight then
    redis.call('HDEL', weights, '\31' .. owner)
  end
  redis.call('ZADD', turns, place_in(tier, redis.call('INCR', place_counter)), owner)
end

-- next_in_turn(waiting, turns, place_counter): take the next owner's next job off what waits.
-- Returns its id, or nil when nobody waits.
--
-- waiting: ZSET of all ids by place; with the separator (31) and an owner: that owner's ids.
-- turns: ZSET of the owners that have jobs waiting, by the tier of their first job and when it is
-- their turn.
local function next_in_turn(waiting, turns, place_counter)
  while true do
    local turn = redis.call('ZRANGE', turns, 0, 0, 'WITHSCORES')
    local owner = turn[1]
    if not owner then
      return nil
    end
    local own = waiting .. '\31' .. owner
    local first = redis.call('ZRANGE', own, 0, 1, 'WITHSCORES')
    local id = first[1]
    if id then
      redis.call('ZREM', own, id)
      redis.call('ZREM', waiting, id)
    end
    end_owners_turn(turns, owner, turn[2], first[4], place_counter)
    if id then
      return id
    end
  end
end

-- dispatch(list, line, waiting, turns, place_counter, queue, priority, window)
--
-- Top the message list up to `window` messages from the jobs that wait, one job of each owner in
-- turn. So a list is never longer than its window, and an owner with many jobs is ahead of
-- another by the window at most.
local function dispatch(list, line, waiting, turns, place_counter, queue, priority, window)
  for _ = 1, window - redis.call('LLEN', list) do
    local id = next_in_turn(waiting, turns, place_counter)
    if not id then
      return
    end
    push_message(list, line, place_counter, queue, priority, 'workers.chat.run', id, false)
  end
end
