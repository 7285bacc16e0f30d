-- save_registry: replace the registry, unless somebody else has changed it meanwhile.
--
-- KEYS  1 providers:registry STRING · 2 providers:version STRING
-- ARGV  1 version that the change was made on · 2 the new document · 3 channel that tells of it
-- Returns the new version, or 0 when the registry has another version by now
local registry_key, version_key = unpack(KEYS, 1, 2)
local seen_version, document, channel = unpack(ARGV, 1, 3)

local version = redis.call('GET', version_key) or '0'
if version ~= seen_version then
  return 0
end
redis.call('SET', registry_key, document)
local new = redis.call('INCR', version_key)
redis.call('PUBLISH', channel, new)
return new
