-- holder_of(lease, token, lasts_ms): whether somebody else has a lease, and who has it.
--
-- One that lasts longer than any that can be given was given before the clock was set back: it is cut
-- to a whole one, for its holder may be dead.
local function holder_of(lease_key, token, lasts_ms)
  local holder = redis.call('GET', lease_key)
  if not holder or holder == token then
    return false, holder
  end
  if redis.call('PTTL', lease_key) > tonumber(lasts_ms) then
    redis.call('PEXPIRE', lease_key, lasts_ms)
  end
  return true, holder
end
