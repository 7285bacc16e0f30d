-- due: ids whose time has come, oldest first.
--
-- KEYS  1 a ZSET scored by due time
-- ARGV  1 now (ms, 0: the server's clock) · 2 most ids
--
--! include clock
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', whole(clock(ARGV[1])), 'LIMIT', 0, ARGV[2])
