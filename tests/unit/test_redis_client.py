"""What counts as an outage."""

from __future__ import annotations

import pytest
import redis

from shared.redis_client import is_outage


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(redis.ConnectionError("refused"), True, id="no connection"),
        pytest.param(redis.TimeoutError("timed out"), True, id="no answer in time"),
        pytest.param(redis.BusyLoadingError("LOADING Redis is loading"), True, id="it starts"),
        pytest.param(redis.ReadOnlyError("READONLY You can't write"), True, id="a replica"),
        pytest.param(redis.ResponseError("OOM command not allowed"), True, id="full"),
        pytest.param(redis.ResponseError("MISCONF Errors writing"), True, id="disk full"),
        pytest.param(redis.ResponseError("WRONGTYPE Operation against"), False, id="a wrong key"),
        pytest.param(redis.ResponseError("ERR user_script:1"), False, id="a wrong script"),
    ],
)
def test_is_outage(error: redis.RedisError, *, expected: bool) -> None:
    assert is_outage(error) is expected
