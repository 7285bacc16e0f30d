-- shorten_pauses: the server's clock was set back: what waits for a pause to be over is due by as much
-- earlier, as it would have been. Several ticks notice one step: the first of them does it.
--
-- KEYS  1 machines:clock_set_back STRING · 2… ZSETs scored by due time
-- ARGV  1 now (ms, 0: the server's clock) · 2 the step (ms) · 3 how long others notice the same (ms)
-- Returns how many are due earlier
--
--! include clock
local noticed_key = KEYS[1]
local given_ms, step_ms, noticed_ms = unpack(ARGV, 1, 3)
local AT_ONCE = 1000

if not redis.call('SET', noticed_key, step_ms, 'NX', 'PX', noticed_ms) then
  return 0
end
local now, shortened = clock(given_ms), 0
for place, due_key in ipairs(KEYS) do
  local rows = place == 1 and {}
    or redis.call('ZRANGEBYSCORE', due_key, '(' .. whole(now), '+inf', 'WITHSCORES')
  for first = 1, #rows, 2 * AT_ONCE do
    local earlier = {}
    for at = first, math.min(first + 2 * AT_ONCE, #rows + 1) - 1, 2 do
      earlier[#earlier + 1] = whole(tonumber(rows[at + 1]) - tonumber(step_ms))
      earlier[#earlier + 1] = rows[at]
    end
    redis.call('ZADD', due_key, unpack(earlier))
  end
  shortened = shortened + #rows / 2
end
return shortened
