-- beat: note that a worker process lives, and what it says of itself.
--
-- KEYS  1 workers ZSET · 2 the HASH of the process
-- ARGV  1 now (ms, 0: the server's clock) · 2 process · 3 how long it is remembered (ms)
--       4… field, value pairs
--
-- Who was not heard for so long is forgotten. One heard further ahead was heard before the clock
-- was set back.
--
--! include clock
local workers_key, process_key = unpack(KEYS, 1, 2)
local given_ms, process, kept_ms = unpack(ARGV, 1, 3)
local FIRST_FIELD = 4

local now, kept = clock(given_ms), tonumber(kept_ms)
redis.call('ZADD', workers_key, whole(now), process)
redis.call('ZREMRANGEBYSCORE', workers_key, '-inf', whole(now - kept))
redis.call('ZREMRANGEBYSCORE', workers_key, '(' .. whole(now + kept), '+inf')
redis.call('HSET', process_key, unpack(ARGV, FIRST_FIELD))
redis.call('PEXPIRE', workers_key, kept_ms)
redis.call('PEXPIRE', process_key, kept_ms)
