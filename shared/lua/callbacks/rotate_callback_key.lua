-- rotate_callback_key: give an owner a new signing secret; those before it expire soon.
--
-- KEYS  1 callback:keys HASH of the owner: key id → 'created_ms expires_ms sealed', expires 0: never
-- ARGV  1 now (ms, 0: the server's clock) · 2 key id · 3 sealed secret
--       4 how long the secrets before it still sign (ms) · 5 most keys
--       6 key id and 7 sealed secret of the key in use while the owner has none
-- Returns now and when the keys before the new one expire {ms, ms}
--
--! include clock
local keys_key = KEYS[1]
local given_ms, new_id, new_sealed, overlap_ms, most, default_id, default_sealed =
  unpack(ARGV, 1, 7)

local now = clock(given_ms)
local last = now + tonumber(overlap_ms)
if redis.call('EXISTS', keys_key) == 0 then
  redis.call('HSET', keys_key, default_id, '0 0 ' .. default_sealed)
end
local live = {}
local rows = redis.call('HGETALL', keys_key)
for i = 1, #rows, 2 do
  local created, expires, sealed = string.match(rows[i + 1], '^(%d+) (%d+) (.*)$')
  expires = tonumber(expires)
  if expires == 0 or expires > last then
    expires = last
  end
  if expires <= now then
    redis.call('HDEL', keys_key, rows[i])
  else
    redis.call('HSET', keys_key, rows[i], created .. ' ' .. whole(expires) .. ' ' .. sealed)
    live[#live + 1] = {tonumber(created), rows[i]}
  end
end
-- Each key is a signature in every callback's header: the oldest make room.
table.sort(live, function(a, b) return a[1] < b[1] end)
for i = 1, #live - (tonumber(most) - 1) do
  redis.call('HDEL', keys_key, live[i][2])
end
redis.call('HSET', keys_key, new_id, whole(now) .. ' 0 ' .. new_sealed)
return {whole(now), whole(last)}
