-- put_key: write what a secret of a key opens, unless something newer is known of it.
--
-- KEYS  1 keys:records HASH · 2 keys:changed PUB/SUB channel
-- ARGV  1 digest of the secret · 2 revision · 3 record (JSON)
-- Returns 1 when written, 0 when the record there is as new
local records_key, changes_channel = unpack(KEYS, 1, 2)
local digest, revision, record = unpack(ARGV, 1, 3)

local held = redis.call('HGET', records_key, digest)
if held and cjson.decode(held).revision >= tonumber(revision) then
  return 0
end
redis.call('HSET', records_key, digest, record)
redis.call('PUBLISH', changes_channel, digest)
return 1
