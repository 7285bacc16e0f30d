-- settle_group: note what became of jobs that ended without a word to their group.
--
-- KEYS  1 prefix of jobs · 2 jobs:groups ZSET (the other keys are derived, see includes/group.lua)
-- ARGV  1 now (ms, 0: the server's clock) · 2 owner · 3 id · then of each job: 4 id
--       · 5 what became of it if it has left the ledger
--
--! include clock
--! include group
local given_ms, owner, name = unpack(ARGV, 1, 3)
local jobs_prefix, groups_key = unpack(KEYS, 1, 2)
local FIRST_JOB = 4

local now, member = clock(given_ms), group_of(owner, name)
for i = FIRST_JOB, #ARGV, 2 do
  local id, if_gone = unpack(ARGV, i, i + 1)
  local state = redis.call('HGET', jobs_prefix .. id, 'state') or if_gone
  if BECAME[state] then
    leave_group(groups_key, member, id, state, now)
  end
end
