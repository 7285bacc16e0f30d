-- stored: ended jobs are in the history: from now on each may go when its time has passed.
--
-- KEYS  1 jobs:unstored ZSET · then for each job: 2 its HASH · 3 jobs:ref STRING · 4 delivery HASH
-- ARGV  1 how long an ended job lives (ms) · then for each job: 2 id · 3 which generation was stored
-- Returns the ids that left the list
--
-- One that was queued again in the meantime stays, one that is gone does not. A job whose delivery
-- goes on gets its time to live when that ends. Who has no more need of a job has said so (`let_go_soon`).
local unstored_key = KEYS[1]
-- What is named in turn of each job: three keys, two values.
local FIRST_KEY, FIRST_VALUE = 2, 2
local ttl_ms = ARGV[1]

local left = {}
local key = FIRST_KEY
for value = FIRST_VALUE, #ARGV, 2 do
  local job, ref, delivery = unpack(KEYS, key, key + 2)
  local id, generation = unpack(ARGV, value, value + 1)
  key = key + 3
  local now = redis.call('HMGET', job, 'state', 'generation', 'keep_ms')
  if not now[1] or (now[2] or '0') == generation then
    if redis.call('ZREM', unstored_key, id) == 1 then
      left[#left + 1] = id
    end
    redis.call('HDEL', job, 'unstored')
    if redis.call('HGET', delivery, 'state') ~= 'Pending' then
      redis.call('PEXPIRE', job, now[3] or ttl_ms)
      redis.call('PEXPIRE', ref, now[3] or ttl_ms)
    end
  end
end
return left
