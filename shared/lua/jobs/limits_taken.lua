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

local key = limits_of_key(nil, requests_key, tokens_key, nil, nil, clock(given_ms))
local made, made_over_ms, tokens, tokens_over_ms = key.taken()
return {made, whole(made_over_ms), whole(tokens), whole(tokens_over_ms)}
