-- claim: Queued → Started by a new attempt, with a lease. Anything else: the message is stale.
-- Either way a message has left its list, and the next one in turn takes its place.
--
-- KEYS  1-7 as in includes/finish.lua · 8-10 the model's lines ZSET · 11-13 missing ZSET
--       14-17 of the message's priority: message LIST · line ZSET · waiting ZSET · turns ZSET
--       18 drain HASH
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 lease (ms) · 4 worker name
--       5 queue · 6 priority · 7 widest window (messages) · 8 token of this call
--       9 prefix of the live ZSETs, one a key that has limits
-- Returns false when stale, else {now, attempt, request, model, provider, deadline_ms, ref_id,
-- streamed, operation, attempts_before}
--
-- The same call may come twice, when the first answer got lost: its token gets the same claim.
--
-- A job Started under an expired lease is not claimed here but reaped first, so that there is
-- one place that counts the workers it has taken down.
--
--! include clock
--! include push_message
--! include dispatch
--! include drain
local now = clock(ARGV[1])
local id = ARGV[2]

for i = 8, 13 do
  redis.call('ZREM', KEYS[i], id)
end
if redis.call('EXISTS', KEYS[17]) == 1 then
  if redis.call('ZSCORE', KEYS[16], id) then
    -- It has had no turn and so no message: this one is none of ours.
    return false
  end
  dispatch(KEYS[14], KEYS[15], KEYS[16], KEYS[17], KEYS[7], ARGV[5], ARGV[6],
    window_of(KEYS[18], now, tonumber(ARGV[7])))
end
local held = redis.call('HMGET', KEYS[1], 'state', 'claimed_by', 'key_id')
if held[1] ~= 'Started' or held[2] ~= ARGV[8] then
  if held[1] ~= 'Queued' or redis.call('ZSCORE', KEYS[4], id) then
    return false
  end
  note_claim(KEYS[18], now)
  redis.call('HINCRBY', KEYS[1], 'attempt', 1)
  redis.call('HSET', KEYS[1], 'state', 'Started', 'started_ms', whole(now), 'worker', ARGV[4],
    'claimed_by', ARGV[8])
  redis.call('ZADD', KEYS[2], whole(now + tonumber(ARGV[3])), id)
  if held[3] then
    redis.call('ZADD', ARGV[9] .. held[3], 'XX', 1, id)
  end
end
local job = redis.call('HMGET', KEYS[1], 'attempt', 'request', 'model', 'provider', 'deadline_ms',
  'ref_id', 'streamed', 'operation', 'attempts_before')
return {whole(now), job[1], job[2], job[3], job[4], job[5], job[6], job[7], job[8], job[9]}
