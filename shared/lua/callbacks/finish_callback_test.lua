-- finish_callback_test: keep what came of a sample, and tell who waits.
--
-- KEYS  1 the test's HASH
-- ARGV  1 the outcome (JSON)
-- Returns 1, or 0 when nobody can wait any more
--
--! include wake
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], 'outcome', ARGV[1])
wake(KEYS[1])
return 1
