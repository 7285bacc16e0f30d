-- limits_taken: what a key took of its limits in the last minute.
--
-- KEYS  1 its requests ZSET · 2 its tokens HASH
-- ARGV  1 now (ms, 0: the server's clock)
-- Returns {requests, until all of them are over (ms), tokens, until all of them are over (ms)}
--
--! include clock
--! include limits
local requests_key, tokens_key = unpack(KEYS, 1, 2)
local given_ms = ARGV[1]

local now = clock(given_ms)
local made = requests_made(requests_key, now, math.huge)
local made_reset = 0
if made > 0 then
  made_reset = tonumber(redis.call('ZRANGE', requests_key, -1, -1, 'WITHSCORES')[2]) + MINUTE_MS - now
end
local sum, seconds = tokens_taken(tokens_key, now, math.huge)
local last = seconds[#seconds]
return {made, whole(made_reset), whole(sum), whole(last and leaves_in(last[1], now) or 0)}
