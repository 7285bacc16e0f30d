-- note_failure: a call failed. After so many in a row, or at once when told, it is a rest: twice as
-- long as the one before. Calls for one job are one failure: a job that nobody can answer takes no
-- provider away from the others.
--
-- KEYS  1 providers:health HASH · 2 providers:health:version STRING
-- ARGV  1 now (ms, 0: the server's clock) · 2 field · 3 standing of the rest · 4 reason
--       5 failures in a row that make it rest · 6 first rest (ms) · 7 longest rest (ms)
--       8 rest that the provider asked for (ms, 0: none) · 9 channel that tells of it
--       10 id of the job
-- Returns the row as JSON
--
-- A rest that has begun is not made longer by calls that were under way before it.
--
--! include clock
-- Of the ids that are remembered (characters).
local health_key, version_key = unpack(KEYS, 1, 2)
local given_ms, field, standing, reason, failures, first_rest_ms, longest_rest_ms, asked_ms,
  channel, job_id =
  unpack(ARGV, 1, 10)

local MEMORY = 200
-- A rest that begins in so long (ms) was begun before the clock was set back: it is over.
local SET_BACK_MS = 60000
local now = clock(given_ms)
local text = redis.call('HGET', health_key, field)
local row = text and cjson.decode(text)
  or {standing = 'online', failures = 0, rests = 0, since_ms = 0, until_ms = 0, reason = ''}
local jobs, job = row.jobs or '', ' ' .. job_id .. ' '
local is_known = string.find(jobs, job, 1, true) ~= nil
if not is_known then
  row.failures = row.failures + 1
  -- The last ones, that the row stays small.
  row.jobs = string.gsub(string.sub(jobs .. job, -MEMORY), '^%d+', '')
end
local asked, at_once = tonumber(asked_ms), failures == '1'
local rests = row.standing == 'offline' or row.standing == 'held'
  -- What keeps all calls away takes the place of what only prefers others.
  or row.standing ~= 'online' and now < row.until_ms and row.since_ms - SET_BACK_MS <= now
    and standing ~= 'offline'
local told = false
if rests then
  if asked > 0 and row.standing ~= 'held' then
    row.until_ms = math.max(row.until_ms, now + asked)
  end
elseif asked > 0 or at_once
  or not is_known and (row.failures >= tonumber(failures) or row.rests > 0) then
  local rest = math.min(tonumber(longest_rest_ms), tonumber(first_rest_ms) * 2 ^ row.rests)
  row.standing = standing
  row.rests = row.rests + (asked > 0 and 0 or 1)
  row.since_ms = now
  row.until_ms = now + (asked > 0 and asked or rest)
  row.reason = reason
  told = true
end
local new = cjson.encode(row)
redis.call('HSET', health_key, field, new)
local version = redis.call('INCR', version_key)
if told then
  redis.call('PUBLISH', channel, version)
end
return new
