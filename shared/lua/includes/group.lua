-- Groups of jobs: which jobs are in one, and what became of each.
--
-- A group's member name is its owner and its id (see `shared/store/redis_keys.py`). Of it are made
-- · jobs:group HASH: what it is, and sums · jobs:group-jobs ZSET, job id → what became of it
-- · jobs:groups:due ZSET, member name → when to look at it · jobs:groups:all and of:<owner> ZSETs,
-- by when they were made. Without the HASH there is no group: what a job says of one is out of date.
local GROUP, GROUP_JOBS, GROUPS_DUE = 'jobs:group:', 'jobs:group-jobs:', 'jobs:groups:due'
local GROUPS_ALL, GROUPS_OF = 'jobs:groups:all', 'jobs:groups:of:'
local UNDER_WAY, BECAME = 0, {Completed = 1, Failed = 2, Cancelled = 3}
-- When a group is looked at that nothing was heard of (ms): jobs may end without a word.
local GROUP_LOOK_MS = 30000

local function group_of(owner, name)
  return owner .. '\31' .. name
end

-- Why so many more jobs may not join; nil when they may.
local function group_refusal(member, more, most)
  if redis.call('HEXISTS', GROUP .. member, 'closed') == 1 then
    return 'group_closed'
  end
  if redis.call('ZCARD', GROUP_JOBS .. member) + more > tonumber(most) then
    return 'group_full'
  end
end

local function keep_group(member, owner, name, now)
  local key = GROUP .. member
  if redis.call('HSETNX', key, 'created_ms', whole(now)) == 1 then
    redis.call('HSET', key, 'owner', owner, 'id', name, 'joined_ms', whole(now))
    redis.call('ZADD', GROUPS_ALL, whole(now), member)
    redis.call('ZADD', GROUPS_OF .. owner, whole(now), member)
  end
  redis.call('ZADD', GROUPS_DUE, 'NX', whole(now + GROUP_LOOK_MS), member)
end

local function join_group(owner, name, ids, now)
  local member, rows = group_of(owner, name), {}
  local key, jobs_key = GROUP .. member, GROUP_JOBS .. member
  for i, id in ipairs(ids) do
    rows[2 * i - 1], rows[2 * i] = UNDER_WAY, id
  end
  redis.call('ZADD', jobs_key, unpack(rows))
  keep_group(member, owner, name, now)
  redis.call('HSET', key, 'joined_ms', whole(now))
  local size = redis.call('HGET', key, 'size')
  if size and redis.call('ZCARD', jobs_key) >= tonumber(size) then
    redis.call('HSET', key, 'closed', '1')
  end
end

-- A job of the group has ended; counted once, however often it is said.
local function leave_group(member, id, outcome, now)
  local key, jobs_key = GROUP .. member, GROUP_JOBS .. member
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
    redis.call('ZADD', GROUPS_DUE, whole(now), member)
  end
end

-- A job of the group is under way again; a group that had ended has another end before it.
local function return_to_group(member, id, now)
  local key, jobs_key = GROUP .. member, GROUP_JOBS .. member
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
  redis.call('ZADD', GROUPS_DUE, whole(now + GROUP_LOOK_MS), member)
end

-- A job of the group is in the history, which knows what it cost (thousand-millionths).
local function charge_group(member, cost)
  local key = GROUP .. member
  if redis.call('EXISTS', key) == 1 then
    redis.call('HINCRBY', key, 'charged', 1)
    redis.call('HINCRBY', key, 'cost_nanos', cost)
  end
end
