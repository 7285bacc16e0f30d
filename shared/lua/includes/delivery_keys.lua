-- The KEYS of the moves that end or revive a delivery (`records` in `shared/callbacks/delivery_keys.py`).
--
-- delivery HASH · its log LIST · job HASH · jobs:ref STRING
local delivery_key, log_key, job_key, ref_key = unpack(KEYS, 1, 4)
