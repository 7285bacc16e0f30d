-- save_registry: replace the registry, unless somebody else has changed it meanwhile.
--
-- KEYS  1 providers:registry STRING · 2 providers:version STRING
-- ARGV  1 version that the change was made on · 2 the new document · 3 channel that tells of it
-- Returns the new version, or 0 when the registry has another version by now
local version = redis.call('GET', KEYS[2]) or '0'
if version ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
local new = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', ARGV[3], new)
return new
