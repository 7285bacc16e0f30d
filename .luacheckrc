-- Redis runs Lua 5.1 and gives each script these globals.
std = "lua51"
read_globals = { "redis", "KEYS", "ARGV", "cjson" }
max_line_length = false
-- A script need not use all that it includes.
ignore = { "211" }
