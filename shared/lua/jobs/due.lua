-- due: ids whose time has come, oldest first.
--
-- KEYS  1 a ZSET scored by due time
-- ARGV  1 now (ms, 0: the server's clock) · 2 most ids
--
--! include clock
local due_key = KEYS[1]
local given_ms, most = unpack(ARGV, 1, 2)

return redis.call('ZRANGEBYSCORE', due_key, '-inf', whole(clock(given_ms)), 'LIMIT', 0, most)
