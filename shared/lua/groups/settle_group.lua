-- settle_group: note what became of jobs that ended without a word to their group.
--
-- KEYS  1 prefix of jobs (the other keys are made of the group's name, see includes/group.lua)
-- ARGV  1 now (ms, 0: the server's clock) · 2 owner · 3 id · then of each job: 4 id
--       · 5 what became of it if it has left the ledger
--
--! include clock
--! include group
local given_ms, owner, name = unpack(ARGV, 1, 3)
local jobs_prefix = KEYS[1]
local FIRST_JOB = 4

local now, member = clock(given_ms), group_of(owner, name)
for i = FIRST_JOB, #ARGV, 2 do
  local id = ARGV[i]
  local state = redis.call('HGET', jobs_prefix .. id, 'state') or ARGV[i + 1]
  if BECAME[state] then
    leave_group(member, id, state, now)
  end
end
