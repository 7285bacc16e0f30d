-- set_health: replace what is remembered of one field, if its standing is still one of these.
--
-- KEYS  1 providers:health HASH · 2 providers:health:version STRING
-- ARGV  1 field · 2 the new row as JSON ('' to forget it) · 3 channel that tells of it
--       4 standings that may be replaced, each between spaces ('' for any)
-- Returns 1, or 0 when it has another standing by now
local health_key, version_key = unpack(KEYS, 1, 2)
local field, row, channel, replaceable = unpack(ARGV, 1, 4)

local text = redis.call('HGET', health_key, field)
if replaceable ~= '' then
  local standing = text and cjson.decode(text).standing or 'online'
  if not string.find(replaceable, ' ' .. standing .. ' ', 1, true) then
    return 0
  end
end
if row == '' then
  if redis.call('HDEL', health_key, field) == 0 then
    return 1
  end
else
  redis.call('HSET', health_key, field, row)
end
redis.call('PUBLISH', channel, redis.call('INCR', version_key))
return 1
