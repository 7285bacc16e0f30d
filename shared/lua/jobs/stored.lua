-- stored: ended jobs are in the history: from now on each may go when its time has passed.
--
-- KEYS  1 jobs:unstored ZSET · then for each job: 2 its HASH · 3 jobs:ref STRING · 4 delivery HASH
-- ARGV  1 how long an ended job lives (ms) · 2 jobs:groups · then for each job: 3 id · 4 which
--       generation was stored · 5 what it cost (thousand-millionths), for its group
-- Returns the ids that left the list
--
-- One that was queued again in the meantime stays, one that is gone does not. A job whose delivery
-- goes on gets its time to live when that ends. Who has no more need of a job has said so (`let_go_soon`).
--! include group
local unstored_key = KEYS[1]
-- What is named in turn of each job: three keys, three values.
local FIRST_KEY, FIRST_VALUE = 2, 3
local ttl_ms, groups_key = unpack(ARGV, 1, 2)

local left = {}
local key = FIRST_KEY
for value = FIRST_VALUE, #ARGV, 3 do
  local job, ref, delivery = unpack(KEYS, key, key + 2)
  local id, generation, cost = unpack(ARGV, value, value + 2)
  key = key + 3
  local now = redis.call('HMGET', job, 'state', 'generation', 'keep_ms', 'group', 'owner')
  if not now[1] or (now[2] or '0') == generation then
    if redis.call('ZREM', unstored_key, id) == 1 then
      left[#left + 1] = id
      if now[4] then
        charge_group(groups_key, group_of(now[5], now[4]), cost)
      end
    end
    redis.call('HDEL', job, 'unstored')
    if redis.call('HGET', delivery, 'state') ~= 'Pending' then
      redis.call('PEXPIRE', job, now[3] or ttl_ms)
      redis.call('PEXPIRE', ref, now[3] or ttl_ms)
    end
  end
end
return left
