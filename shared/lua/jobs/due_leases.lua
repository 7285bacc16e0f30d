-- due_leases: ids whose lease is past due, oldest first.
--
-- KEYS  1 a leases ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 lease (ms) · 3 most ids
--
-- A lease further ahead than any that can be given now was given before the clock was set back:
-- it is cut to a whole one, or a dead worker's job would wait out the step.
--
--! include clock
local now = clock(ARGV[1])
local ahead = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. whole(now + tonumber(ARGV[2])),
  '+inf', 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ahead) do
  redis.call('ZADD', KEYS[1], whole(now + tonumber(ARGV[2])), id)
end
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', whole(now), 'LIMIT', 0, ARGV[3])
