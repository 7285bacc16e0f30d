-- tally: add to counts, of which there are at most so many.
--
-- KEYS  1 metrics HASH
-- ARGV  1 most fields · 2 the field that takes what has no room · 3… field, number pairs
local metrics_key = KEYS[1]
local most_fields, overflow_field = unpack(ARGV, 1, 2)
local FIRST_PAIR = 3

local room = tonumber(most_fields) - redis.call('HLEN', metrics_key)
for i = FIRST_PAIR, #ARGV, 2 do
  local field, number = unpack(ARGV, i, i + 1)
  if redis.call('HEXISTS', metrics_key, field) == 0 then
    room = room - 1
    if room < 0 then
      field = overflow_field
    end
  end
  redis.call('HINCRBY', metrics_key, field, number)
end
