-- index_delivery(delivery, state, goes_ms): list a delivery under its state, and when it goes.
--
-- The delivery's field `index` names its owner's ZSET of ids by time of creation. From that name
-- follow, with the separator (31): one more ZSET per state, and 'expiring', the ended ones by when
-- they go. goes_ms: false while it is not over. Deliveries of older versions are not listed.
local function index_delivery(delivery, state, goes_ms)
  local row = redis.call('HMGET', delivery, 'index', 'id', 'created_ms', 'listed')
  local index, id = row[1], row[2]
  if not index then
    return
  end
  if row[4] then
    redis.call('ZREM', index .. '\31' .. row[4], id)
  end
  redis.call('ZADD', index, row[3], id)
  redis.call('ZADD', index .. '\31' .. state, row[3], id)
  redis.call('HSET', delivery, 'listed', state)
  if goes_ms then
    redis.call('ZADD', index .. '\31expiring', whole(goes_ms), id)
  else
    redis.call('ZREM', index .. '\31expiring', id)
  end
end
