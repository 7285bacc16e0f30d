-- next_in_turn(waiting, turns, place_counter): take the next owner's next job off what waits.
-- Returns its id, or nil when nobody waits.
--
-- waiting: ZSET of all ids by place; with the separator (31) and an owner: that owner's ids.
-- turns: ZSET of the owners that have jobs waiting, by when it is their turn.
local function next_in_turn(waiting, turns, place_counter)
  while true do
    local owner = redis.call('ZRANGE', turns, 0, 0)[1]
    if not owner then
      return nil
    end
    local own = waiting .. '\31' .. owner
    local id = redis.call('ZRANGE', own, 0, 0)[1]
    if id then
      redis.call('ZREM', own, id)
      redis.call('ZREM', waiting, id)
    end
    if redis.call('EXISTS', own) == 1 then
      redis.call('ZADD', turns, redis.call('INCR', place_counter), owner)
    else
      redis.call('ZREM', turns, owner)
    end
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
