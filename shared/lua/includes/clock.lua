-- clock(given_ms): the caller's clock when it gives one (tests), else the server's.
-- The server's clock is the only one that all machines share.
local function clock(given_ms)
  local given = tonumber(given_ms)
  if given > 0 then
    return given
  end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Whole milliseconds as Redis should store them: never in exponent form.
local function whole(number)
  return string.format('%.0f', number)
end
