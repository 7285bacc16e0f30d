-- A receiver: host and port of a URL, and how many attempts it may have at once.
--
-- From the prefix of its keys follow, with its name:
--   HASH: proven (1: it answered in time when last asked), fails (in a row), rest_until_ms
--   + separator (31) 'flight', SET of ids: attempts that run; each has a lease, too
--   + separator (31) 'parked', ZSET of ids by due time: deliveries that wait for room
-- The ZSET `wakes` holds the names of receivers with parked deliveries, by when to look at them.
-- Each attempt that ends lets the next one go; this is for when somebody died in between.
local WAKE_MS = 5000

local function receiver_of(prefix, url)
  local name = string.lower(string.match(url or '', '^%a+://([^/?#]*)') or '')
  local key = prefix .. name
  return {name = name, key = key, flight = key .. '\31flight', parked = key .. '\31parked'}
end
