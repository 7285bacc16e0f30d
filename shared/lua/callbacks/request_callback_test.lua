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
local ids_key, list_key, places_key = unpack(KEYS, 1, 3)
local tests_prefix, owner, url, mailbox, ttl_ms = unpack(ARGV, 1, 5)

local id = whole(redis.call('INCR', ids_key))
local key = tests_prefix .. id
local epoch = epoch_of(ids_key, whole(clock('0')))
redis.call('HSET', key, 'owner', owner, 'url', url, 'mailboxes', mailbox, 'epoch', epoch)
redis.call('PEXPIRE', key, ttl_ms)
push_message(list_key, false, places_key, 'callbacks', 0, 'workers.callbacks.test', id, true)
return {id, epoch}
