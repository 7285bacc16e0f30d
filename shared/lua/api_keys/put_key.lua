-- put_key: write what a secret of a key opens, unless something newer is known of it.
--
-- KEYS  1 keys:records HASH · 2 keys:changed PUB/SUB channel
-- ARGV  1 digest of the secret · 2 revision · 3 record (JSON)
-- Returns 1 when written, 0 when the record there is as new
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and cjson.decode(held).revision >= tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('PUBLISH', KEYS[2], ARGV[1])
return 1
