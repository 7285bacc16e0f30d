-- dispatch(list, line, waiting, turns, place_counter, queue, priority, window)
--
-- Top the message list up to `window` messages from the jobs that wait, one job of each owner in
-- turn. So a list is never longer than its window, and an owner with many jobs is ahead of
-- another by the window at most.
--
-- waiting: ZSET of all ids by place; with the separator (31) and an owner: that owner's ids.
-- turns: ZSET of the owners that have jobs waiting, by when it is their turn.
local function dispatch(list, line, waiting, turns, place_counter, queue, priority, window)
  local room = window - redis.call('LLEN', list)
  while room > 0 do
    local owner = redis.call('ZRANGE', turns, 0, 0)[1]
    if not owner then
      return
    end
    local own = waiting .. '\31' .. owner
    local id = redis.call('ZRANGE', own, 0, 0)[1]
    if id then
      redis.call('ZREM', own, id)
      redis.call('ZREM', waiting, id)
      push_message(list, line, place_counter, queue, priority, 'workers.chat.run', id, false)
      room = room - 1
    end
    if redis.call('EXISTS', own) == 1 then
      redis.call('ZADD', turns, redis.call('INCR', place_counter), owner)
    else
      redis.call('ZREM', turns, owner)
    end
  end
end
