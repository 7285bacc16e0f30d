-- An endpoint: scheme, host, port and path of a URL, of one owner; and the host that it is at.
--
-- From the prefixes of their keys follow, with their names:
--   endpoint HASH: proven (1: it answered in time when last asked, 0: it did not; absent: never
--     asked), fails (in a row), rest_until_ms
--   endpoint + 31 'parked', ZSET of ids by due time: deliveries that wait for room
--   prefix of endpoints + 31 'known' 31 owner, ZSET of an owner's HASHes by when they were written
--   host HASH: fails (connections in a row that did not come about), rest_until_ms
--   host + 31 'flight', HASH of ids of attempts that run → class, then the endpoint; each has a
--     lease, too
--   host + 31 'turns', ZSET of flows (class and owner) by when it is their turn;
--     + 31 flow: ZSET of the flow's endpoints, likewise
-- The ZSET `wakes` holds the names of endpoints and hosts where deliveries wait, by when to look at
-- them again. Each attempt that ends lets the next one go; this is for rests, and for when somebody
-- died in between.
--
-- An owner is named by its list of deliveries. Of a path that is very long the beginning counts.
local WAKE_MS = 5000
local MOST_OF_PATH = 400

local function host_of(prefix, name)
  local key = prefix .. name
  return {name = name, key = key, flight = key .. '\31flight', turns = key .. '\31turns'}
end

local function endpoint_named(endpoints, hosts, name)
  local host, owner = string.match(name, '^[^/]*//([^\31]*)\31([^\31]*)')
  local key = endpoints .. name
  return {name = name, key = key, parked = key .. '\31parked', owner = owner or '',
    known = endpoints .. '\31known\31' .. (owner or ''), host = host_of(hosts, host or '')}
end

local function endpoint_of(endpoints, hosts, url, owner)
  local scheme, authority, path = string.match(url or '', '^(%a+)://([^/?#]*)([^?#]*)')
  scheme, authority = string.lower(scheme or ''), string.lower(authority or '')
  local name, port = string.match(authority, '^(.-):(%d*)$')
  name = string.gsub(name or authority, '%.$', '')
  port = tonumber(port ~= '' and port or nil) or (scheme == 'https' and 443 or 80)
  path = string.gsub(path or '', '%c', '?')
  path = string.sub(path == '' and '/' or path, 1, MOST_OF_PATH)
  return endpoint_named(endpoints, hosts, scheme .. '://' .. name .. ':' .. whole(port) .. '\31'
    .. (owner or '') .. '\31' .. path)
end

-- A delivery waits no more. parked: SET of all ids that do.
local function leave_parked(endpoint, id, parked)
  redis.call('ZREM', endpoint.parked, id)
  redis.call('SREM', parked, id)
end
