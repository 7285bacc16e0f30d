-- claim: Queued → Started by a new attempt, with a lease. Anything else: the message is stale.
-- Either way a message has left its list, and the next one in turn takes its place.
--
-- KEYS  1-7 as in includes/move_keys.lua · 8-10 the model's lines ZSET · 11-13 missing ZSET
--       14-17 of the message's priority: message LIST · line ZSET · waiting ZSET · turns ZSET
--       18 drain HASH · 19 jobs:gates SET
--       20… of each candidate: slots ZSET · rates HASH · gates ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 lease (ms) · 4 worker name
--       5 queue · 6 priority · 7 widest window (messages) · 8 token of this call
--       9 candidates (JSON, see includes/choose.lua) · 10 prefixes of keys (JSON: line, waiting,
--       turns), which with the queue and the job's own pin, operation and owner make the keys of its gate
--       11 prefix of the live ZSETs, one a key that has limits
-- Returns false when stale, when no candidate may be called: then the job waits at its gate, or when
-- its flow key has no room: then it is parked; else
-- {now, attempt, request, model, provider, deadline_ms, ref_id, streamed, operation, chosen
-- provider ('' when nobody could ever answer), names of those that failed this job,
-- attempts_before, owner, flow key, base URL}
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
--! include flows
--! include move_keys
local FIRST_LINE, LAST_MISSING = 8, 13
local list_key, line_key, waiting_key, turns_key, drain_key, gates_key = unpack(KEYS, 14, 19)
-- Three keys of each candidate.
local FIRST_CANDIDATE = 20
local given_ms, id, lease_ms, worker, queue, priority, widest_window, token, candidates_json,
  prefixes_json, live_prefix =
  unpack(ARGV, 1, 11)

local now = clock(given_ms)

-- Done last: were the script to fail before, as where the user of Redis may not do something, the tick
-- would find that the message is gone.
local function leave_line()
  local there = redis.call('EXISTS', unpack(KEYS, FIRST_LINE, LAST_MISSING))
  if there > redis.call('ZREM', line_key, id) then
    for i = FIRST_LINE, LAST_MISSING do
      redis.call('ZREM', KEYS[i], id)
    end
  end
end

if redis.call('EXISTS', turns_key) == 1 then
  if redis.call('ZSCORE', waiting_key, id) then
    -- It has had no turn and so no message: this one is none of ours.
    leave_line()
    return false
  end
  if redis.call('SISMEMBER', gates_key, queue) == 0 then
    dispatch(list_key, line_key, waiting_key, turns_key, places_key, queue, priority,
      window_of(drain_key, now, tonumber(widest_window)))
  end
end
local candidates = cjson.decode(candidates_json)
local held = redis.call('HMGET', job_key, 'state', 'claimed_by', 'provider', 'owner', 'failed',
  'operation', 'forced', 'key_id', 'flow', 'flow_place', 'flow_limits', 'deadline_ms',
  'tier', 'weight', 'attempt', 'at')
local attempt, provider = held[15], held[16]
if held[1] ~= 'Started' or held[2] ~= token then
  local is_due = held[1] == 'Queued' and not redis.call('ZSCORE', delayed_key, id)
  local pin, names = held[3] or '', cjson.decode(prefixes_json)
  local gate = gate_of(queue, pin, held[6] or 'chat')
  local flow = is_due and held[9] and flow_of(deadlines_key, held[4], held[9], now)
  if flow then
    flow.know_limits(held[11], tonumber(held[12]) - now)
  end
  if not is_due or flow and not flow.may_begin(held[10], id, place_in(held[13], tonumber(id) - 1e15)) then
    -- A slot may be reserved for a job that was cancelled on its way here.
    for i = 1, held[1] == 'Started' and 0 or #candidates do
      redis.call('ZREM', slots_of(FIRST_CANDIDATE, i), id)
    end
    if is_due and gate ~= queue then
      leave_gate(gate, names, tonumber(priority), held[4], id)
    end
    leave_line()
    return false
  end
  local chosen, to_wait_for = choose(candidates, FIRST_CANDIDATE, {pin = pin, forced = held[7] == '1',
    failed = held[5] or '', operation = held[6] or 'chat'}, id, now, tonumber(lease_ms), true)
  -- A slot was reserved that it cannot use, or one is left from an attempt that was lost.
  for i, one in ipairs(candidates) do
    if i ~= chosen and is_limited(one) then
      redis.call('ZREM', slots_of(FIRST_CANDIDATE, i), id)
    end
  end
  if chosen == 0 then
    if flow then
      flow.stand_ahead(held[10], id)
    end
    wait_at(gate, names, tonumber(priority), held[4], id, gates_key, held[13], held[14])
    for _, i in ipairs(to_wait_for) do
      local _, _, gates_of_candidate = slots_of(FIRST_CANDIDATE, i)
      redis.call('ZADD', gates_of_candidate, 'NX', redis.call('INCR', places_key), gate)
    end
    leave_line()
    return false
  end
  if gate ~= queue then
    leave_gate(gate, names, tonumber(priority), held[4], id)
  end
  note_claim(drain_key, now)
  attempt = redis.call('HINCRBY', job_key, 'attempt', 1)
  provider = chosen > 0 and candidates[chosen].name or ''
  if flow then
    flow.begin(held[10], id, attempt)
  end
  -- The lease first: a job that is Started is found by nothing else.
  redis.call('ZADD', leases_key, whole(now + tonumber(lease_ms)), id)
  redis.call('HSET', job_key, 'state', 'Started', 'started_ms', whole(now), 'worker', worker,
    'claimed_by', token, 'at', provider)
  if held[8] then
    redis.call('ZADD', live_prefix .. held[8], 'XX', 1, id)
  end
end
leave_line()
local job = redis.call('HMGET', job_key, 'request', 'model', 'ref_id', 'streamed', 'attempts_before',
  'base_url')
return {whole(now), whole(attempt), job[1], job[2], held[3], held[12], job[3], job[4], held[6],
  provider, held[5], job[5], held[4], held[9], job[6]}
