-- limits_taken: what a key took of its limits in the last minute.
--
-- KEYS  1 its requests ZSET · 2 its tokens HASH
-- ARGV  1 now (ms, 0: the server's clock)
-- Returns {requests, until all of them are over (ms), tokens, until all of them are over (ms)}
--
--! include clock
--! include limits
local now = clock(ARGV[1])
local made = requests_made(KEYS[1], now)
local made_reset = 0
if made > 0 then
  made_reset = tonumber(redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]) + MINUTE_MS - now
end
local sum, seconds = tokens_taken(KEYS[2], now)
local last = seconds[#seconds]
return {made, whole(made_reset), whole(sum), whole(last and leaves_in(last[1], now) or 0)}
