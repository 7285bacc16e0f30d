-- stored: ended jobs are in the history: from now on each may go when its time has passed.
--
-- KEYS  1 jobs:unstored ZSET · then for each job: 2 its HASH · 3 jobs:ref STRING · 4 delivery HASH
-- ARGV  1 how long an ended job lives (ms) · then for each job: 2 id · 3 which generation was stored
-- Returns the ids that left the list
--
-- One that was queued again in the meantime stays, one that is gone does not. A job whose delivery
-- goes on gets its time to live when that ends.
local left = {}
for i = 1, (#ARGV - 1) / 2 do
  local job, ref, delivery = KEYS[3 * i - 1], KEYS[3 * i], KEYS[3 * i + 1]
  local id, generation = ARGV[2 * i], ARGV[2 * i + 1]
  local now = redis.call('HMGET', job, 'state', 'generation')
  if not now[1] or (now[2] or '0') == generation then
    if redis.call('ZREM', KEYS[1], id) == 1 then
      left[#left + 1] = id
    end
    redis.call('HDEL', job, 'unstored')
    if redis.call('HGET', delivery, 'state') ~= 'Pending' then
      redis.call('PEXPIRE', job, ARGV[1])
      redis.call('PEXPIRE', ref, ARGV[1])
    end
  end
end
return left
