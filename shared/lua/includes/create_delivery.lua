-- create_delivery(at, delivery, id, url, now): a Pending delivery, listed, with its message and an
--   empty log (LIST, its key is derived from the delivery's).
-- create_event(at, event, body, now, url, name, epoch): one that `url` is told of.
-- create_events(at, event, body, now): one for each subscription of the owner that wants the event.
-- announce_event(at, event, body, now, url, name): those, and one that `url` is told of unless it is ''.
--
-- at: where deliveries are kept. owner · index: the owner's ZSET of deliveries · owners: SET of who
-- has deliveries · list, line, places: of the callbacks queue · and for events: subscriptions HASH
-- (id → 'events created_ms url', events '*' or names with commas between) · ids: jobs:id STRING
-- · jobs, deliveries: prefixes of keys · job: whose event it is. Of a job that was accepted before
-- ids had epochs the event has none either: who sends it may not know of them yet.
--
-- An event has an id and a record like a job's, so everything that sends callbacks sends it too.
local function create_delivery(at, delivery, id, url, now)
  -- After a retry there is one of before: an attempt at that must not be taken for one at this, and
  -- what became of that one is over. Attempts at this one count from where its numbers begin.
  local before = redis.call('HGET', delivery, 'attempt')
  if before then
    before = whole(before + 1)
    redis.call('HDEL', delivery, 'reason', 'ended_ms', 'replayed_ms')
    redis.call('HSET', delivery, 'attempts_before', before)
    redis.call('DEL', delivery .. ':log')
  end
  redis.call('HSET', delivery, 'id', id, 'state', 'Pending', 'url', url,
    'attempt', before or '0', 'tries', '0', 'trigger', 'schedule', 'created_ms', now, 'due_ms', now,
    'index', at.index)
  index_delivery(delivery, 'Pending', false)
  redis.call('SADD', at.owners, at.owner)
  push_message(at.list, at.line, at.places, 'callbacks', 0, 'workers.callbacks.run', id, false)
end

local function create_event(at, event, body, now, url, name, epoch)
  local id = whole(redis.call('INCR', at.ids))
  redis.call('HSET', at.jobs .. id, 'id', id, 'ref_id', name .. ':' .. id,
    'owner', at.owner, 'model', '', 'state', 'Completed', 'event', event, 'reply_to', url,
    'response', body, 'created_ms', now, 'completed_ms', now, 'epoch', epoch)
  create_delivery(at, at.deliveries .. id, id, url, now)
end

local function create_events(at, event, body, now)
  local rows = redis.call('HGETALL', at.subscriptions)
  local known = at.job and (redis.call('HGET', at.job, 'epoch') or '') or 'new'
  local epoch = known ~= '' and epoch_of(at.ids, now) or ''
  for i = 1, #rows, 2 do
    local wanted, url = string.match(rows[i + 1], '^(%S+) %d+ (.*)$')
    if wanted == '*' or string.find(',' .. wanted .. ',', ',' .. event .. ',', 1, true) then
      create_event(at, event, body, now, url, rows[i], epoch)
    end
  end
end

local function announce_event(at, event, body, now, url, name)
  if url ~= '' then
    create_event(at, event, body, now, url, name, epoch_of(at.ids, now))
  end
  create_events(at, event, body, now)
end
