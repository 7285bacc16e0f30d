-- execute: Started by this attempt → Executed with its one result, handed to completion.
--
-- KEYS  1-7 as in includes/move_keys.lua
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 attempt · 4 outcome · 5 HTTP status
--       6 'response' or 'error' · 7 its bytes · 8… more field, value pairs
-- Returns 'executed' | 'already' (this attempt's result is stored: the call came again)
--         | 'refused' (another attempt's turn, or an end was put to the job)
--
--! include clock
--! include push_message
--! include wake
--! include owner_bytes
--! include flows
--! include move_keys
--! include finish
local given_ms, id, attempt, outcome, status, field, body = unpack(ARGV, 1, 7)
local FIRST_FIELD = 8

local job = redis.call('HMGET', job_key, 'state', 'attempt', 'executed_by')
if job[3] == attempt then
  return 'already'
end
if job[1] ~= 'Started' or job[2] ~= attempt then
  return 'refused'
end
finish(id, clock(given_ms), outcome, status, field, body, 'executed_by', attempt,
  unpack(ARGV, FIRST_FIELD))
return 'executed'
