-- due_leases: ids whose lease is past due, oldest first.
--
-- KEYS  1 a leases ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 lease (ms) · 3 most ids
--
-- A lease further ahead than any that can be given now was given before the clock was set back:
-- it is cut to a whole one, or a dead worker's job would wait out the step.
--
--! include clock
local leases_key = KEYS[1]
local given_ms, lease_ms, most = unpack(ARGV, 1, 3)

local now = clock(given_ms)
local ahead = redis.call('ZRANGEBYSCORE', leases_key, '(' .. whole(now + tonumber(lease_ms)),
  '+inf', 'LIMIT', 0, most)
for _, id in ipairs(ahead) do
  redis.call('ZADD', leases_key, whole(now + tonumber(lease_ms)), id)
end
return redis.call('ZRANGEBYSCORE', leases_key, '-inf', whole(now), 'LIMIT', 0, most)
