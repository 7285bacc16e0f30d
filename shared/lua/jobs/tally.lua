-- tally: add to counts, of which there are at most so many.
--
-- KEYS  1 metrics HASH
-- ARGV  1 most fields · 2 the field that takes what has no room · 3… field, number pairs
local room = tonumber(ARGV[1]) - redis.call('HLEN', KEYS[1])
for i = 3, #ARGV, 2 do
  local field = ARGV[i]
  if redis.call('HEXISTS', KEYS[1], field) == 0 then
    room = room - 1
    if room < 0 then
      field = ARGV[2]
    end
  end
  redis.call('HINCRBY', KEYS[1], field, ARGV[i + 1])
end
