-- set_health: replace what is remembered of one field, if its standing is still one of these.
--
-- KEYS  1 providers:health HASH · 2 providers:health:version STRING
-- ARGV  1 field · 2 the new row as JSON ('' to forget it) · 3 channel that tells of it
--       4 standings that may be replaced, each between spaces ('' for any)
-- Returns 1, or 0 when it has another standing by now
local text = redis.call('HGET', KEYS[1], ARGV[1])
if ARGV[4] ~= '' then
  local standing = text and cjson.decode(text).standing or 'online'
  if not string.find(ARGV[4], ' ' .. standing .. ' ', 1, true) then
    return 0
  end
end
if ARGV[2] == '' then
  if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
    return 1
  end
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
redis.call('PUBLISH', ARGV[3], redis.call('INCR', KEYS[2]))
return 1
