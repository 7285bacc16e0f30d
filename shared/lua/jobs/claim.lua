-- claim: Queued → Started by a new attempt, with a lease. Anything else: the message is stale.
-- Either way a message has left its list, and the next one in turn takes its place.
--
-- KEYS  1-7 as in includes/finish.lua · 8-10 the model's lines ZSET · 11-13 missing ZSET
--       14-17 of the message's priority: message LIST · line ZSET · waiting ZSET · turns ZSET
--       18 drain HASH · 19 jobs:gates SET
--       20… of each candidate: slots ZSET · rates HASH · gates ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 lease (ms) · 4 worker name
--       5 queue · 6 priority · 7 widest window (messages) · 8 token of this call
--       9 candidates (JSON, see includes/choose.lua) · 10 prefixes of keys (JSON: line, waiting,
--       turns), which with the queue and the job's own pin, operation and owner make the keys of its gate
--       11 prefix of the live ZSETs, one a key that has limits
-- Returns false when stale, or when no candidate may be called: then the job waits at its gate; else
-- {now, attempt, request, model, provider, deadline_ms, ref_id, streamed, operation, chosen
-- provider ('' when nobody could ever answer), names of those that failed this job,
-- attempts_before}
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
--! include slots
--! include choose
--! include gates
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
  if redis.call('SISMEMBER', KEYS[19], ARGV[5]) == 0 then
    dispatch(KEYS[14], KEYS[15], KEYS[16], KEYS[17], KEYS[7], ARGV[5], ARGV[6],
      window_of(KEYS[18], now, tonumber(ARGV[7])))
  end
end
local candidates = cjson.decode(ARGV[9])
local held = redis.call('HMGET', KEYS[1], 'state', 'claimed_by', 'provider', 'owner', 'failed',
  'operation', 'forced', 'key_id')
if held[1] ~= 'Started' or held[2] ~= ARGV[8] then
  if held[1] ~= 'Queued' or redis.call('ZSCORE', KEYS[4], id) then
    -- A slot may be reserved for a job that was cancelled on its way here.
    for i = 20, held[1] == 'Started' and 19 or 19 + 3 * #candidates, 3 do
      redis.call('ZREM', KEYS[i], id)
    end
    return false
  end
  local pin, names = held[3] or '', cjson.decode(ARGV[10])
  local gate = gate_of(ARGV[5], pin, held[6] or 'chat')
  local chosen, to_wait_for = choose(candidates, 20, {pin = pin, forced = held[7] == '1',
    failed = held[5] or '', operation = held[6] or 'chat'}, id, now, tonumber(ARGV[3]), true)
  -- A slot was reserved that it cannot use, or one is left from an attempt that was lost.
  for i, one in ipairs(candidates) do
    if i ~= chosen and is_limited(one) then
      redis.call('ZREM', KEYS[17 + 3 * i], id)
    end
  end
  if chosen == 0 then
    wait_at(gate, names, tonumber(ARGV[6]), held[4], id, KEYS[19])
    for _, i in ipairs(to_wait_for) do
      redis.call('ZADD', KEYS[19 + 3 * i], 'NX', redis.call('INCR', KEYS[7]), gate)
    end
    return false
  end
  if gate ~= ARGV[5] then
    leave_gate(gate, names, tonumber(ARGV[6]), held[4], id)
  end
  note_claim(KEYS[18], now)
  redis.call('HINCRBY', KEYS[1], 'attempt', 1)
  redis.call('HSET', KEYS[1], 'state', 'Started', 'started_ms', whole(now), 'worker', ARGV[4],
    'claimed_by', ARGV[8], 'at', chosen > 0 and candidates[chosen].name or '')
  redis.call('ZADD', KEYS[2], whole(now + tonumber(ARGV[3])), id)
  if held[8] then
    redis.call('ZADD', ARGV[11] .. held[8], 'XX', 1, id)
  end
end
local job = redis.call('HMGET', KEYS[1], 'attempt', 'request', 'model', 'provider', 'deadline_ms',
  'ref_id', 'streamed', 'operation', 'at', 'failed', 'attempts_before')
return {whole(now), unpack(job, 1, 11)}
