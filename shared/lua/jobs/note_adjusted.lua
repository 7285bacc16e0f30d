-- note_adjusted: remember which of its client's fields an attempt could not follow to the letter.
--
-- KEYS  1 job HASH
-- ARGV  1 attempt · 2 names of the fields, as a header tells them
-- Returns 1, or 0 when the job is not Started by this attempt
local job_key = KEYS[1]
local attempt, names = unpack(ARGV, 1, 2)

local job = redis.call('HMGET', job_key, 'state', 'attempt')
if job[1] ~= 'Started' or job[2] ~= attempt then
  return 0
end
-- With the attempt before them: one that follows it may keep to the letter.
redis.call('HSET', job_key, 'adjusted', attempt .. ' ' .. names)
return 1
