-- accept: make a job and push its chat message, or find the job that this RefId made before.
--
-- KEYS  1 jobs:id STRING · 2 jobs:ref STRING · 3 jobs:tag ZSET · 4 message LIST · 5 its line ZSET
--       6 jobs:place STRING · 7 jobs:models SET · 8 jobs:deadlines ZSET
--       9-11 the model's lines, one a priority, ZSET
--       The job's own key is made of ARGV[2] and the id, which only this script knows.
-- ARGV  1 now (ms, 0: the server's clock) · 2 prefix of job keys · 3 model · 4 queue · 5 priority
--       6 task · 7 queue limit (jobs) · 8 time to the deadline (ms) · 9 fingerprint
--       10 tag ('' for none) · 11 how long the tag index lives (ms) · 12… more field, value pairs
-- Returns {'accepted', id} | {'exists', id} | {'conflict', id} | {'full', jobs waiting}
--
--! include clock
--! include push_message
local now = clock(ARGV[1])

local known = redis.call('GET', KEYS[2])
if known then
  local fingerprint = redis.call('HGET', ARGV[2] .. known, 'fingerprint')
  if fingerprint then
    return {fingerprint == ARGV[9] and 'exists' or 'conflict', known}
  end
end

local waiting = 0
for i = 9, 11 do
  waiting = waiting + redis.call('ZCARD', KEYS[i])
end
if waiting >= tonumber(ARGV[7]) then
  return {'full', tostring(waiting)}
end

local id = whole(redis.call('INCR', KEYS[1]))
local deadline = whole(now + tonumber(ARGV[8]))
redis.call('HSET', ARGV[2] .. id, 'id', id, 'state', 'Queued', 'model', ARGV[3],
  'priority', ARGV[5], 'fingerprint', ARGV[9], 'tag', ARGV[10], 'created_ms', whole(now),
  'deadline_ms', deadline, 'attempt', '0', 'crashes', '0', unpack(ARGV, 12))
redis.call('SET', KEYS[2], id)
if ARGV[10] ~= '' then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', whole(now - tonumber(ARGV[11])))
  redis.call('ZADD', KEYS[3], whole(now), id)
  redis.call('PEXPIRE', KEYS[3], ARGV[11])
end
redis.call('ZADD', KEYS[8], deadline, id)
redis.call('SADD', KEYS[7], ARGV[3])
push_message(KEYS[4], KEYS[5], KEYS[6], ARGV[4], ARGV[5], ARGV[6], id, false)
return {'accepted', id}
