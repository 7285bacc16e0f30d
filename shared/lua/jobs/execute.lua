-- execute: Started by this attempt → Executed with its one result, handed to completion.
--
-- KEYS  1-7 as in includes/finish.lua
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 attempt · 4 outcome · 5 HTTP status
--       6 'response' or 'error' · 7 its bytes · 8… more field, value pairs
-- Returns 'executed' | 'already' (this attempt's result is stored: the call came again)
--         | 'refused' (another attempt's turn, or an end was put to the job)
--
--! include clock
--! include push_message
--! include wake
--! include owner_bytes
--! include finish
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'executed_by')
if job[3] == ARGV[3] then
  return 'already'
end
if job[1] ~= 'Started' or job[2] ~= ARGV[3] then
  return 'refused'
end
redis.call('HSET', KEYS[1], 'executed_by', ARGV[3], unpack(ARGV, 8))
finish(ARGV[2], clock(ARGV[1]), ARGV[4], ARGV[5], ARGV[6], ARGV[7])
return 'executed'
