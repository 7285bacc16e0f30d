-- finish_delivery: record one attempt and what follows: an end, or another one later.
--
-- KEYS  1 delivery HASH · 2 its log LIST · 3 job HASH · 4 jobs:ref STRING
--       5 deliveries:leases ZSET · 6 deliveries:delayed ZSET
--       7 prefix of receivers · 8 receivers:wakes ZSET
--       9 callbacks LIST · 10 its line ZSET · 11 jobs:place STRING
--       12 the owner's subscriptions HASH · 13 jobs:id STRING · 14 prefix of jobs
--       15 prefix of deliveries · 16 the owner's ZSET of deliveries · 17 deliveries:owners SET
-- ARGV  1 now (ms, 0: the server's clock) · 2 id · 3 attempt · 4 row of the log (JSON)
--       5 state: Pending | Delivered | Stopped | Exhausted · 6 reason · 7 delay when Pending (ms)
--       8 how long an ended job lives (ms) · 9 most rows of the log
--       10 what it says of the receiver: answered | failed | timed_out | none
--       11 most attempts at one receiver · 12 failures in a row before a rest · 13 the rest (ms)
--       14 whether the caller takes the next delivery to this receiver itself (0 or 1)
--       15 owner · 16 the event that its subscriptions are told if it is Exhausted ('' for none)
-- Returns {1, id of the next delivery, which is the caller's to claim, or false}, or {0, false} when
-- another attempt has the delivery
--
--! include clock
--! include delivery_index
--! include delivery_life
--! include push_message
--! include epoch
--! include create_delivery
--! include receiver
--! include room_at
--! include note_outcome
--! include unpark
local now = clock(ARGV[1])
local delivery = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'reason', 'url')
local cancelled = delivery[1] == 'Cancelled'
if (delivery[1] ~= 'Pending' and not cancelled) or delivery[2] ~= ARGV[3]
  or not redis.call('ZSCORE', KEYS[5], ARGV[2]) then
  return {0, false}
end
redis.call('ZREM', KEYS[5], ARGV[2])
local receiver = receiver_of(KEYS[7], delivery[4])
local limit, failures, rest = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
redis.call('SREM', receiver.flight, ARGV[2])
local _, following
local widened = note_outcome(receiver, ARGV[10], now, failures, rest)
if redis.call('EXISTS', receiver.parked) == 1 then
  local room, _, rest_until = room_at(receiver, KEYS[5], now, limit, failures, rest)
  -- One for the one that ended: those let go before may not have been claimed yet.
  _, following = unpark(receiver, KEYS[8], KEYS[9], KEYS[10], KEYS[11],
    widened and room or math.min(room, 1), rest_until or now + WAKE_MS, ARGV[14] == '1')
end
redis.call('RPUSH', KEYS[2], ARGV[4])
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[9]), -1)
redis.call('HINCRBY', KEYS[1], 'tries', 1)
if cancelled and ARGV[5] ~= 'Delivered' then
  end_delivery(now, 'Cancelled', delivery[3], ARGV[8])
elseif ARGV[5] == 'Pending' then
  local due = whole(now + tonumber(ARGV[7]))
  redis.call('HSET', KEYS[1], 'state', 'Pending', 'reason', ARGV[6], 'due_ms', due)
  redis.call('ZADD', KEYS[6], due, ARGV[2])
else
  end_delivery(now, ARGV[5], ARGV[6], ARGV[8])
  if ARGV[16] ~= '' then
    local at = {owner = ARGV[15], index = KEYS[16], owners = KEYS[17], list = KEYS[9],
      line = KEYS[10], places = KEYS[11], subscriptions = KEYS[12], ids = KEYS[13],
      jobs = KEYS[14], deliveries = KEYS[15], job = KEYS[3]}
    create_events(at, 'callback.exhausted', ARGV[16], whole(now))
  end
end
return {1, following or false}
