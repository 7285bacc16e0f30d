-- finish_callback_test: keep what came of a sample, and tell who waits.
--
-- KEYS  1 the test's HASH
-- ARGV  1 the outcome (JSON)
-- Returns 1, or 0 when nobody can wait any more
--
--! include wake
local test_key = KEYS[1]
local outcome = ARGV[1]

if redis.call('EXISTS', test_key) == 0 then
  return 0
end
redis.call('HSET', test_key, 'outcome', outcome)
wake(redis.call('HGET', test_key, 'mailboxes'))
return 1
