"""What is wrong with one is said once and holds up nobody; what concerns all goes up."""

from __future__ import annotations

import logging

import pytest
import redis

from shared.errors import DatabaseUnavailable
from shared.queues.adaptive import FIRST
from shared.queues.adaptive_store import AdaptiveStore
from shared.queues.server_queue_store import ServerQueueStore
from shared.store import complaints as module
from shared.store import redis_keys as keys
from shared.store.complaints import Complaints
from shared.store.refusals import Refused

log = logging.getLogger(__name__)


def test_the_same_is_said_once_until_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    complaints = Complaints(log, "row")
    for error in (KeyError("x"), KeyError("x"), ValueError("y"), None, None, ValueError("y")):
        with complaints.about("7"):
            if error is not None:
                raise error
    assert caplog.messages == [
        "row 7: left out: KeyError: 'x'",
        "row 7: left out: ValueError: y",
        "row 7: goes on again",
        "row 7: left out: ValueError: y",
    ]


@pytest.mark.parametrize(
    "error", [redis.ConnectionError(), Refused("OOM"), DatabaseUnavailable()], ids=repr
)
def test_what_concerns_all_goes_up(error: Exception) -> None:
    with pytest.raises(type(error)), Complaints(log, "row").about("7"):
        raise error


def test_error_of_a_script_is_its_rows_own() -> None:
    with Complaints(log, "row").about("7"):
        raise redis.ResponseError("user_script:9: attempt to compare nil with number")


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 2)
    complaints = Complaints(log, "row")
    assert [complaints.note(name, "x") for name in "abcab"] == [True] * 5
    assert not complaints.note("b", "x")


@pytest.mark.parametrize("text", ["{", "[]", '{"seen": 7}', '{"of_a_newer_version": 1}'])
def test_learned_limit_that_nobody_can_read_is_learned_anew(
    fake_redis: redis.Redis, text: str
) -> None:
    fake_redis.set(keys.adaptive("p"), text)
    store = AdaptiveStore(fake_redis)
    assert store.exchange({}, ["p", "q"]) == {"p": FIRST, "q": FIRST}
    assert store.take("p")[0].limit == FIRST
    fake_redis.set(keys.server_queue("p"), text)
    reading = ServerQueueStore(fake_redis).read(["p"])["p"]
    assert reading is None
