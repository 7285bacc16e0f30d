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
local now, kept = clock(ARGV[1]), tonumber(ARGV[3])
redis.call('ZADD', KEYS[1], whole(now), ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', whole(now - kept))
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. whole(now + kept), '+inf')
redis.call('HSET', KEYS[2], unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
