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
local now = clock(ARGV[1])
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'cancel', 'claimed_by', 'at', 'failed',
  'operation', 'provider')
if job[1] == 'Started' and job[4] == ARGV[4] then
  return {job[2], job[5], whole(now)}
end
if job[1] ~= 'Started' or job[2] ~= ARGV[3] then
  return 'refused'
end
if job[3] then
  return 'cancel'
end
local failed = (job[6] or '\31') .. ARGV[7] .. '\31'
local candidates = cjson.decode(ARGV[6])
local chosen = job[8] ~= '' and 0 or choose(candidates, 2,
  {pin = '', forced = false, failed = failed, operation = job[7] or 'chat'}, ARGV[2], now,
  tonumber(ARGV[5]), false)
if chosen < 1 then
  return 'none'
end
for i, one in ipairs(candidates) do
  if one.name == ARGV[7] then
    redis.call('ZREM', KEYS[3 * i - 1], ARGV[2])
  end
end
redis.call('HSET', KEYS[1], 'claimed_by', ARGV[4], 'at', candidates[chosen].name, 'failed', failed,
  unpack(ARGV, 8))
return {redis.call('HINCRBY', KEYS[1], 'attempt', 1), candidates[chosen].name, whole(now)}
