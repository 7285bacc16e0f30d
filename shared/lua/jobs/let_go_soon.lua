-- let_go_soon: ended jobs have served: each may leave the ledger soon, once the history has it.
--
-- KEYS  1 the HASH of the first job · 2 its jobs:ref STRING, and so on for each job
-- ARGV  1 how long it stays from then on (ms)
-- Returns nothing of interest
--
-- A job that was queued again in the meantime stays as any other.
-- What is named in turn of each job: two keys.
local FIRST_KEY, EACH = 1, 2
local ttl_ms = ARGV[1]
local ENDED = {Completed = true, Failed = true, Cancelled = true}

for key = FIRST_KEY, #KEYS, EACH do
  local job, ref = unpack(KEYS, key, key + 1)
  local now = redis.call('HMGET', job, 'state', 'unstored')
  if ENDED[now[1]] then
    if now[2] then
      -- Read by whoever notes that it is stored.
      redis.call('HSET', job, 'keep_ms', ttl_ms)
    elseif redis.call('PTTL', job) > tonumber(ttl_ms) then
      redis.call('PEXPIRE', job, ttl_ms)
      redis.call('PEXPIRE', ref, ttl_ms)
    end
  end
end
return 0
