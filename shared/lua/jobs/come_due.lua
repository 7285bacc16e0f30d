-- come_due: delayed jobs of one owner, queue and priority are due: put them in line, behind who waits there.
--
-- KEYS  1 jobs:later ZSET · 2 the owner's later ZSET · 3 jobs:place STRING
--       4-7 of their priority: message LIST · line ZSET · waiting ZSET · turns ZSET
--       8 the owner's waiting ZSET · 9 drain HASH · 10 jobs:gates SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 queue · 3 priority · 4 owner
--       5 widest window (messages) · 6 prefix of job keys · 7 prefix of the live ZSETs
--       8 '1' when their gate is another than that of the queue · 9… ids, the first due first
-- Returns how many were put in line
--
-- An older version may have cancelled one without taking it off here, or have had it tried again.
--
--! include clock
--! include push_message
--! include dispatch
--! include drain
local now = clock(ARGV[1])
local is_open = redis.call('SISMEMBER', KEYS[10], ARGV[2]) == 0
local waiting, due_now = {}, 0

-- Whether it is one of these, due now.
local function leaves(id)
  local due = redis.call('ZSCORE', KEYS[1], id)
  if not due or tonumber(due) > now then
    return false
  end
  redis.call('ZREM', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
  local job = redis.call('HMGET', ARGV[6] .. id, 'state', 'run_after_ms', 'key_id')
  if job[1] ~= 'Queued' or job[2] ~= due then
    return false
  end
  redis.call('HSET', ARGV[6] .. id, 'queued_ms', due)
  if job[3] then
    redis.call('ZADD', ARGV[7] .. job[3], 'NX', 0, id)
  end
  return true
end

for i = 9, #ARGV do
  local id = ARGV[i]
  if leaves(id) then
    due_now = due_now + 1
    if not is_open and ARGV[8] == '1' then
      push_message(KEYS[4], KEYS[5], KEYS[3], ARGV[2], ARGV[3], 'workers.chat.run', id, false)
    else
      waiting[#waiting + 1] = redis.call('INCR', KEYS[3])
      waiting[#waiting + 1] = id
    end
  end
end
if #waiting > 0 then
  redis.call('ZADD', KEYS[6], unpack(waiting))
  redis.call('ZADD', KEYS[8], unpack(waiting))
  redis.call('ZADD', KEYS[7], 'NX', waiting[1], ARGV[4])
  if is_open then
    dispatch(KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[3], ARGV[2], ARGV[3],
      window_of(KEYS[9], now, tonumber(ARGV[5])))
  end
end
return due_now
