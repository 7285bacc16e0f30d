-- backlog: how many wait in some lines, and since when the one that waits longest.
--
-- KEYS  1… ZSETs of ids by place
--       The hashes of the ids are made of ARGV[1] and the id.
-- ARGV  1 prefix of the hashes · 2… their fields that say since when (ms): the first that is there
-- Returns {since when (ms), or false when nobody waits, how many in KEYS[1], in KEYS[2], …}
--
-- Looks at three ids of a line at most, however long it is. What was put at the back has a place
-- above zero, and the first of it waits longest. Below zero are the jobs at a gate, of which the
-- first waits longest, or what was put at the front, of which the last does.
local hashes_prefix = ARGV[1]
local FIRST_FIELD = 2

local since

local function look(ids)
  if not ids[1] then
    return
  end
  for _, moment in ipairs(redis.call('HMGET', hashes_prefix .. ids[1], unpack(ARGV, FIRST_FIELD))) do
    if moment then
      since = math.min(since or math.huge, tonumber(moment))
      return
    end
  end
end

local answer = {false}
for i, line in ipairs(KEYS) do
  answer[i + 1] = redis.call('ZCARD', line)
  if answer[i + 1] > 0 then
    look(redis.call('ZRANGE', line, 0, 0))
    look(redis.call('ZRANGEBYSCORE', line, 0, '+inf', 'LIMIT', 0, 1))
    look(redis.call('ZREVRANGEBYSCORE', line, '(0', '-inf', 'LIMIT', 0, 1))
  end
end
answer[1] = since and string.format('%.0f', since) or false
return answer
