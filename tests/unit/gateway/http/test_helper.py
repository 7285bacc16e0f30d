"""A heavy call is read in a process of its own, whose end is the end of that one request."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import gevent
import pytest

from gateway.http import heavy
from gateway.http.helper import Helper
from shared.errors import (
    BodyNotRead,
    MalformedJson,
    ServiceError,
    TooManyValues,
    ValidationFailed,
)
from shared.wire.chat_request import parse_chat_completion

CALL = b'{"model":"m","RefId":"r","messages":[' + b'{"role":"user","content":"x"},' * 2000
HEAVY_CALL = CALL[:-1] + b"]}"


@pytest.fixture
def helper() -> Iterator[Helper]:
    helper = Helper(most_s=30)
    yield helper
    helper.stop()


def test_heavy_call_is_what_it_would_be_if_read_in_place() -> None:
    asked = heavy.read_call(parse_chat_completion, HEAVY_CALL, limit=99_999, caller="a")
    assert asked == parse_chat_completion(HEAVY_CALL)
    assert heavy.beside(asked.fingerprint, caller="a") == asked.fingerprint()


@pytest.mark.parametrize(
    ("raw", "limit", "error"),
    [
        pytest.param(HEAVY_CALL + b",", 99_999, MalformedJson, id="no JSON"),
        pytest.param(HEAVY_CALL, 2_500, TooManyValues, id="too many values"),
        pytest.param(
            HEAVY_CALL.replace(b'"user"', b"7", 1), 99_999, ValidationFailed, id="a wrong field"
        ),
    ],
)
def test_error_of_a_heavy_call_is_the_one_of_a_light_one(
    raw: bytes, limit: int, error: type[ServiceError]
) -> None:
    with pytest.raises(error) as found:
        heavy.read_call(parse_chat_completion, raw, limit=limit, caller="a")
    if error is not TooManyValues:
        with pytest.raises(error) as here:
            parse_chat_completion(raw)
        assert (found.value.message, found.value.field) == (here.value.message, here.value.field)


def test_light_call_starts_no_process(helper: Helper) -> None:
    assert heavy.read_call(bytes, b"{}", limit=10, caller="a") == b"{}"
    assert helper.pid is None


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(partial(os._exit, 1), id="it ends"),
        pytest.param(partial(time.sleep, 60), id="it never ends"),
    ],
)
def test_helper_that_fails_fails_one_body_only(work: Callable[[], None]) -> None:
    helper = Helper()
    assert helper.do(partial(len, "ab")) == (2, None)
    # The others may take as long as it takes a busy machine to start a process.
    patient_s, helper.most_s = helper.most_s, 2
    with pytest.raises(BodyNotRead):
        helper.do(work)
    helper.most_s = patient_s
    assert helper.do(partial(len, "abc")) == (3, None)
    helper.stop()


def test_helper_that_was_killed_between_works_fails_one_body_only(helper: Helper) -> None:
    helper.do(partial(len, "ab"))
    assert helper.pid
    os.kill(helper.pid, signal.SIGKILL)
    gevent.sleep(0.2)
    with pytest.raises(BodyNotRead):
        helper.do(partial(len, "ab"))
    assert helper.do(partial(len, "ab")) == (2, None)


def test_helper_knows_no_secrets(helper: Helper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLYTO_API_KEY", "secret")
    assert helper.do(partial(os.getenv, "REPLYTO_API_KEY")) == (None, None)


def test_works_wait_in_line(helper: Helper) -> None:
    work = [gevent.spawn(helper.do, partial(int, str(n))) for n in range(20)]
    gevent.joinall(work, raise_error=True)
    assert [one.value for one in work] == [(n, None) for n in range(20)]


def test_answer_of_a_work_that_was_given_up_is_nobody_elses(helper: Helper) -> None:
    first = gevent.spawn(helper.do, partial(time.sleep, 0.5))
    gevent.sleep(0.2)
    first.kill()
    assert helper.do(partial(len, "abc")) == (3, None)


def test_helper_starts_where_gevent_has_patched_everything() -> None:
    code = (
        "import gevent.monkey; gevent.monkey.patch_all()\n"
        "from functools import partial\n"
        "from gateway.http.helper import Helper\n"
        "helper = Helper(); print(helper.do(partial(len, 'ab'))); helper.stop()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout == "(2, None)\n", ran.stderr
