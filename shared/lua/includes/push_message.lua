-- push_message(list, line, place_counter, queue, priority, task, id, at_front)
--
-- Write one Celery message (protocol 2, as kombu's Redis transport stores it) for `task(id)`.
-- The back of the list is its left end; workers consume from the right. A message at the front
-- goes to the consuming end. Places grow towards the back and fall towards the front, so a list
-- is always in the order of its places: what is in `line` with a place before that of the
-- message at the consuming end has lost its message. `line` may be false: nothing to recover.
--
-- The body is plain JSON without base64 (`body_encoding` null), which kombu takes as it is.
local function push_message(list, line, place_counter, queue, priority, task, id, at_front)
  local place = redis.call('INCR', place_counter)
  if at_front then
    place = -place
  end
  if line then
    redis.call('ZADD', line, place, id)
  end
  local task_id = cjson.encode(task .. ':' .. id .. ':' .. whole(place))
  local message = '{"body":"[[' .. id .. '],{},{\\"callbacks\\":null,\\"errbacks\\":null,'
    .. '\\"chain\\":null,\\"chord\\":null}]","content-encoding":"utf-8",'
    .. '"content-type":"application/json","headers":{"lang":"py","task":' .. cjson.encode(task)
    .. ',"id":' .. task_id .. ',"root_id":' .. task_id
    .. ',"parent_id":null,"shadow":null,"eta":null,"expires":null,"group":null,'
    .. '"group_index":null,"retries":0,"timelimit":[null,null],"argsrepr":"[' .. id
    .. ']","kwargsrepr":"{}","origin":"replyto","ignore_result":true,'
    .. '"replaced_task_nesting":0,"stamped_headers":null,"stamps":{},"place":' .. whole(place)
    .. '},"properties":{"correlation_id":' .. task_id
    .. ',"reply_to":"","delivery_mode":2,"delivery_info":{"exchange":"","routing_key":'
    .. cjson.encode(queue) .. '},"priority":' .. priority
    .. ',"body_encoding":null,"delivery_tag":' .. task_id .. '}}'
  redis.call(at_front and 'RPUSH' or 'LPUSH', list, message)
end
