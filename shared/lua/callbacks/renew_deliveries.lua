-- renew_deliveries: prolong the leases of attempts that still run.
--
-- KEYS  1 deliveries:leases ZSET · 2… delivery HASHes
-- ARGV  1 now (ms, 0: the server's clock) · 2 lease (ms) · 3… id and attempt of each of these
-- Returns how many were prolonged; the others are another attempt's, or over
--
--! include clock
local leases_key = KEYS[1]
-- What is named in turn: HASHes from the second key on, two values of each from the third on.
local FIRST_DELIVERY = 2
local given_ms, lease_ms = unpack(ARGV, 1, 2)
local FIRST_VALUE = 3

local until_ms = whole(clock(given_ms) + tonumber(lease_ms))
local renewed = 0
for i = FIRST_DELIVERY, #KEYS do
  local at = FIRST_VALUE + 2 * (i - FIRST_DELIVERY)
  local id, attempt = unpack(ARGV, at, at + 1)
  if redis.call('HGET', KEYS[i], 'attempt') == attempt and redis.call('ZSCORE', leases_key, id) then
    redis.call('ZADD', leases_key, until_ms, id)
    renewed = renewed + 1
  end
end
return renewed
