"""What counts as an outage: what Redis says, read by the library's own parser."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from redis._parsers.base import BaseParser

from shared.store.client import told_limit
from shared.store.refusals import ClusterMode, is_demoted, is_outage, plain

_SCRIPT = "ERR Error running script (call to f_0): @user_script:1: @user_script: 1: -"


@pytest.mark.parametrize("wrapped", [False, True], ids=["said at once", "said in a script of 6.2"])
@pytest.mark.parametrize(
    ("said", "demoted"),
    [
        ("READONLY You can't write against a read only replica.", True),
        ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", True),
        ("UNBLOCKED force unblock from blocking operation, instance state changed", True),
        ("OOM command not allowed when used memory > 'maxmemory'.", False),
        ("MISCONF Errors writing to the AOF file: No space left on device", False),
        ("NOREPLICAS Not enough good replicas to write.", False),
        ("BUSY Redis is busy running a script.", False),
        ("TRYAGAIN Multiple keys request during rehashing of slot", False),
        ("CLUSTERDOWN The cluster is down", False),
        ("NOPERM this user has no permissions to run the 'set' command", False),
    ],
)
def test_refusal_that_passes_is_an_outage(said: str, *, demoted: bool, wrapped: bool) -> None:
    error = plain(BaseParser.parse_error(_SCRIPT + said if wrapped else said))
    assert is_outage(error)
    assert is_demoted(error) is demoted


@pytest.mark.parametrize(
    "said", ["LOADING Redis is loading", "NOAUTH Authentication required.", "WRONGPASS invalid"]
)
def test_answer_that_the_library_takes_for_a_lost_connection_is_an_outage(said: str) -> None:
    assert is_outage(BaseParser.parse_error(said))


@pytest.mark.parametrize(
    "said",
    [
        "MOVED 3999 127.0.0.1:6381",
        "ASK 3999 127.0.0.1:6381",
        "CROSSSLOT Keys in request don't hash to the same slot",
        "CLUSTERDOWN Hash slot not served",
        "ERR SELECT is not allowed in cluster mode",
        "ERR Script attempted to access a non local key in a cluster node script: x",
        "ERR Script attempted to access keys that do not hash to the same slot script: x",
    ],
)
def test_server_of_a_cluster_is_told_as_that_and_is_an_outage_in_flight(said: str) -> None:
    error = plain(BaseParser.parse_error(said))
    assert isinstance(error, ClusterMode)
    assert is_outage(error)
    assert not is_demoted(error)
    assert "Redis Cluster" in str(error)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([b"proto-max-bulk-len", b"536870912"], 536870912),
        ({b"proto-max-bulk-len": b"1024"}, 1024),
        *((odd, None) for odd in ([], {}, None, b"OK", "OK", 0, [b"x"], [b"x", None])),
        *(([b"x", odd], None) for odd in (b"", b"100mb", b"0", b"-1", b"1e9", b"9" * 40, 5)),
        ({b"a": b"1", b"b": b"2"}, None),
        ([[b"x", b"1"]], None),
    ],
)
def test_limit_that_a_hosted_server_tells_in_its_own_way_is_none(answer: Any, told: Any) -> None:
    assert told_limit(answer) == told


@pytest.mark.parametrize("error", [redis.ConnectionError("refused"), redis.TimeoutError("late")])
def test_redis_that_is_away_is_an_outage(error: redis.RedisError) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "said",
    [
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "ERR user_script:1: Script attempted to access nonexistent global variable 'x'",
        "ERR value is not an integer or out of range",
        "ERR Protocol error: invalid bulk length",
        "BUSYGROUP Consumer Group name already exists",
        "NOSCRIPT No matching script.",
        "ERR Error running script (call to f_0): @user_script:1: user_script:1: READONLY no",
    ],
)
def test_mistake_is_no_outage(said: str) -> None:
    assert not is_outage(plain(BaseParser.parse_error(said)))
