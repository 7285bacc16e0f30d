-- request_callback_test: ask a callbacks worker to send a sample to a URL.
--
-- KEYS  1 jobs:id STRING, from which its ledger HASH is derived · 2 callbacks LIST · 3 jobs:place STRING
--       The request's own key is made of ARGV[1] and the id, which only this script knows.
-- ARGV  1 prefix of keys of tests · 2 owner · 3 URL · 4 mailbox of who waits · 5 time to live (ms)
-- Returns {id, its epoch}
--
-- Nothing recovers it should its message be lost: somebody waits, and can ask again.
--
--! include clock
--! include push_message
--! include epoch
local id = whole(redis.call('INCR', KEYS[1]))
local key = ARGV[1] .. id
local epoch = epoch_of(KEYS[1], whole(clock('0')))
redis.call('HSET', key, 'owner', ARGV[2], 'url', ARGV[3], 'mailboxes', ARGV[4], 'epoch', epoch)
redis.call('PEXPIRE', key, ARGV[5])
push_message(KEYS[2], false, KEYS[3], 'callbacks', 0, 'workers.callbacks.test', id, true)
return {id, epoch}
