-- find_missing: ids whose message has been gone from its list for some time.
--
-- KEYS  1 message LIST · 2 its line ZSET · 3 its missing ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 grace (ms) · 3 most ids
-- Returns the ids seen missing for longer than the grace, last in line first, so that pushing
-- them to the front in this order puts them back in line
--
-- The list is in the order of places. What has a place before the message at the consuming end
-- (or any place, when the list is empty) has no message there: it was lost, or a worker holds
-- it. The grace is for the latter: most are claimed at once, and claim clears the note.
--
--! include clock
local list_key, line_key, missing_key = unpack(KEYS, 1, 3)
local given_ms, grace_ms, most = unpack(ARGV, 1, 3)

local now = clock(given_ms)
local before = '+inf'
local head = redis.call('LINDEX', list_key, -1)
if head then
  local ok, place = pcall(function() return cjson.decode(head).headers.place end)
  -- Not one of ours: nothing can be told until it is consumed.
  if not ok or type(place) ~= 'number' then
    return {}
  end
  before = '(' .. whole(place)
end
local confirmed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', line_key, '-inf', before, 'LIMIT', 0, most)) do
  local seen = redis.call('ZSCORE', missing_key, id)
  if not seen or tonumber(seen) > now then
    redis.call('ZADD', missing_key, whole(now), id)
  elseif now - tonumber(seen) >= tonumber(grace_ms) then
    table.insert(confirmed, 1, id)
  end
end
return confirmed
