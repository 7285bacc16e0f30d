-- Groups of jobs: which jobs are in one, and what became of each.
--
-- Keys are derived from jobs:groups ZSET, the groups by when to look at them; each function takes it
-- first. A group is named by its owner and its id, its member name there, of which are made
-- · a HASH: what it is, and sums · a ZSET, job id → what became of it. The ZSETs of all, and of an
-- owner's, are by when they were made. Without its HASH there is no group: what a job says is out of
-- date.
local UNDER_WAY, BECAME = 0, {Completed = 1, Failed = 2, Cancelled = 3}
-- When a group is looked at that nothing was heard of (ms): jobs may end without a word.
local GROUP_LOOK_MS = 30000

local function group_of(owner, name)
  return owner .. '\31' .. name
end

local function keys_of_group(groups, member)
  return groups .. ':is:' .. member, groups .. ':jobs:' .. member
end

-- Why so many more jobs may not join; nil when they may.
local function group_refusal(groups, member, more, most)
  local key, jobs_key = keys_of_group(groups, member)
  if redis.call('HEXISTS', key, 'closed') == 1 then
    return 'group_closed'
  end
  if redis.call('ZCARD', jobs_key) + more > tonumber(most) then
    return 'group_full'
  end
end

local function keep_group(groups, owner, name, now)
  local member = group_of(owner, name)
  local key = keys_of_group(groups, member)
  if redis.call('HSETNX', key, 'created_ms', whole(now)) == 1 then
    redis.call('HSET', key, 'owner', owner, 'id', name, 'joined_ms', whole(now))
    redis.call('ZADD', groups .. ':all', whole(now), member)
    redis.call('ZADD', groups .. ':of:' .. owner, whole(now), member)
  end
  redis.call('ZADD', groups, 'NX', whole(now + GROUP_LOOK_MS), member)
end

local function join_group(groups, owner, name, ids, now)
  local rows, key, jobs_key = {}, keys_of_group(groups, group_of(owner, name))
  for i, id in ipairs(ids) do
    rows[2 * i - 1], rows[2 * i] = UNDER_WAY, id
  end
  redis.call('ZADD', jobs_key, unpack(rows))
  keep_group(groups, owner, name, now)
  redis.call('HSET', key, 'joined_ms', whole(now))
  local size = redis.call('HGET', key, 'size')
  if size and redis.call('ZCARD', jobs_key) >= tonumber(size) then
    redis.call('HSET', key, 'closed', '1')
  end
end

-- A job of the group has ended; counted once, however often it is said.
local function leave_group(groups, member, id, outcome, now)
  local key, jobs_key = keys_of_group(groups, member)
  local before = redis.call('ZSCORE', jobs_key, id)
  if not before then
    return
  end
  redis.call('ZADD', jobs_key, BECAME[outcome], id)
  if tonumber(before) ~= UNDER_WAY then
    return
  end
  redis.call('HINCRBY', key, 'ends', 1)
  redis.call('HSET', key, 'ended_job_ms', whole(now))
  if redis.call('ZCOUNT', jobs_key, UNDER_WAY, UNDER_WAY) == 0 then
    redis.call('ZADD', groups, whole(now), member)
  end
end

-- Whether all jobs of the group are to end, and it has not ended yet: none comes back meanwhile.
local function is_being_cancelled(groups, member)
  local known = redis.call('HMGET', (keys_of_group(groups, member)), 'cancel', 'over_ms')
  return known[1] == '1' and not known[2]
end

-- A job of the group is under way again; a group that had ended has another end before it.
local function return_to_group(groups, member, id, now)
  local key, jobs_key = keys_of_group(groups, member)
  if redis.call('EXISTS', key) == 0 then
    return
  end
  redis.call('ZADD', jobs_key, UNDER_WAY, id)
  if redis.call('HDEL', key, 'over_ms') == 1 then
    redis.call('HINCRBY', key, 'round', 1)
  end
  redis.call('HDEL', key, 'cancel')
  redis.call('PERSIST', key)
  redis.call('PERSIST', jobs_key)
  redis.call('ZADD', groups, whole(now + GROUP_LOOK_MS), member)
end

-- A job of the group is in the history, which knows what it cost (thousand-millionths).
local function charge_group(groups, member, cost)
  local key = keys_of_group(groups, member)
  if redis.call('EXISTS', key) == 1 then
    redis.call('HINCRBY', key, 'charged', 1)
    redis.call('HINCRBY', key, 'cost_nanos', cost)
  end
end
