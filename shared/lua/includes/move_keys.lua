-- The KEYS that every move of a job begins with (`move_keys` in `shared/queues/queue_keys.py`).
--
-- job HASH · jobs:leases ZSET · jobs:deadlines ZSET · jobs:delayed ZSET · jobs:executed ZSET
-- · completion LIST · jobs:place STRING
local job_key, leases_key, deadlines_key, delayed_key, executed_key, completion_list, places_key =
  unpack(KEYS, 1, 7)
