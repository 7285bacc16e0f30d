-- epoch_of(ids, now): the epoch of an id that is given now; `ids`: jobs:id. A ledger that has lost
-- its own gives one that cannot come again.
local function epoch_of(ids, now)
  return redis.call('HGET', ids .. ':ledger', 'epoch') or 't' .. now
end
