-- due_later: delayed jobs whose time has come, the first due first, by where they go.
--
-- KEYS  1 jobs:later ZSET
-- ARGV  1 now (ms, 0: the server's clock) · 2 most ids · 3 prefix of job keys
-- Returns how many there were, then for each place an array:
--         model, priority, owner, provider, operation ('' each when the job has none), ids
--
-- An id without a job leaves the set. A thousand jobs are read here in less time than their answers would
-- take to be read by a client.
--
--! include clock
local later_key = KEYS[1]
local given_ms, most, jobs_prefix = unpack(ARGV, 1, 3)

local due = redis.call('ZRANGEBYSCORE', later_key, '-inf', whole(clock(given_ms)), 'LIMIT', 0, most)
local told, places, gone = {#due}, {}, {}
for _, id in ipairs(due) do
  local where =
    redis.call('HMGET', jobs_prefix .. id, 'model', 'priority', 'owner', 'provider', 'operation')
  if where[1] then
    for i = 1, 5 do
      where[i] = where[i] or ''
    end
    local name = table.concat(where, '\31')
    local place = places[name]
    if not place then
      place = where
      places[name] = place
      told[#told + 1] = place
    end
    place[#place + 1] = id
  else
    gone[#gone + 1] = id
  end
end
if #gone > 0 then
  redis.call('ZREM', later_key, unpack(gone))
end
return told
