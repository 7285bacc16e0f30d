-- renew_deliveries: prolong the leases of attempts that still run.
--
-- KEYS  1 deliveries:leases ZSET · 2… delivery HASHes
-- ARGV  1 now (ms, 0: the server's clock) · 2 lease (ms) · 3… id and attempt of each of these
-- Returns how many were prolonged; the others are another attempt's, or over
--
--! include clock
local until_ms = whole(clock(ARGV[1]) + tonumber(ARGV[2]))
local renewed = 0
for i = 2, #KEYS do
  local id, attempt = ARGV[2 * i - 1], ARGV[2 * i]
  if redis.call('HGET', KEYS[i], 'attempt') == attempt and redis.call('ZSCORE', KEYS[1], id) then
    redis.call('ZADD', KEYS[1], until_ms, id)
    renewed = renewed + 1
  end
end
return renewed
