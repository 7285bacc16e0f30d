-- fail_over: the attempt failed; begin the next one at once, at a provider that has not failed yet.
-- The slot at the one that failed is free from here on: given back later, it might be that of a
-- later attempt there.
--
-- KEYS  1 job HASH · 2… of each candidate: slots ZSET · rates HASH · gates ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 attempt · 4 token of this call · 5 lease (ms)
--       6 candidates (JSON) · 7 name of the provider that failed · 8… more field, value pairs
-- Returns {attempt, provider, now} | 'none' (nobody else can answer now) | 'cancel' (the client
-- asked to) | 'refused' (another attempt's turn, or the job has ended)
--
--! include clock
--! include slots
--! include choose
local job_key = KEYS[1]
local FIRST_CANDIDATE = 2
local given_ms, id, attempt, token, lease_ms, candidates_json, failed_name = unpack(ARGV, 1, 7)
local FIRST_FIELD = 8

local now = clock(given_ms)
local job = redis.call('HMGET', job_key, 'state', 'attempt', 'cancel', 'claimed_by', 'at', 'failed',
  'operation', 'provider')
if job[1] == 'Started' and job[4] == token then
  return {job[2], job[5], whole(now)}
end
if job[1] ~= 'Started' or job[2] ~= attempt then
  return 'refused'
end
if job[3] then
  return 'cancel'
end
local failed = (job[6] or '\31') .. failed_name .. '\31'
local candidates = cjson.decode(candidates_json)
local chosen = job[8] ~= '' and 0 or choose(candidates, FIRST_CANDIDATE,
  {pin = '', forced = false, failed = failed, operation = job[7] or 'chat'}, id, now,
  tonumber(lease_ms), false)
if chosen < 1 then
  return 'none'
end
for i, one in ipairs(candidates) do
  if one.name == failed_name then
    redis.call('ZREM', slots_of(FIRST_CANDIDATE, i), id)
  end
end
redis.call('HSET', job_key, 'claimed_by', token, 'at', candidates[chosen].name, 'failed', failed,
  unpack(ARGV, FIRST_FIELD))
return {redis.call('HINCRBY', job_key, 'attempt', 1), candidates[chosen].name, whole(now)}
