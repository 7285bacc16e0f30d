"""Work on heavy bodies, away from the event loop."""

from __future__ import annotations

import threading

import gevent
import pytest

from gateway.http import heavy
from shared.codecs.json_text import parse_document
from shared.errors import MalformedJson, TooManyValues, TooManyWaiting

HEAVY = b"[" + b"1," * 3000 + b"1]"


def test_light_body_is_read_in_place() -> None:
    here = threading.get_ident()
    assert heavy.read(lambda _: threading.get_ident(), b"{}", limit=10, caller="a") == here


def test_heavy_body_is_read_elsewhere_while_others_go_on() -> None:
    here, may_end = threading.get_ident(), threading.Event()
    others = gevent.spawn_later(0.01, may_end.set)

    def wait(_: bytes) -> int:
        assert may_end.wait(30), "the loop stood still"
        return threading.get_ident()

    assert heavy.read(wait, HEAVY, limit=10_000, caller="a") != here
    others.join()


def test_what_a_reader_raises_is_raised(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MalformedJson):
        heavy.read(parse_document, HEAVY + b",", limit=10_000, caller="a")
    assert capfd.readouterr().err == ""


def test_body_of_too_many_values_is_refused_unread() -> None:
    with pytest.raises(TooManyValues, match="3,000 JSON values"):
        heavy.read(lambda _: pytest.fail("it was read"), HEAVY, limit=3000, caller="a")


def test_commas_in_texts_are_no_values() -> None:
    raw = b'["' + b"," * 5000 + b'"]'
    assert heavy.read(parse_document, raw, limit=10, caller="a")[1] == ["," * 5000]


def test_one_caller_has_one_such_work_at_a_time() -> None:
    under_way, most = 0, 0

    def note(_: bytes) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        under_way -= 1

    work = [gevent.spawn(heavy.read, note, HEAVY, limit=10_000, caller="a") for _ in range(5)]
    gevent.joinall(work, raise_error=True)
    assert most == 1


def test_bodies_of_a_caller_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy, "_MOST_WAITING_BYTES", 3 * len(HEAVY))
    may_end = threading.Event()

    def wait(_: bytes) -> bool:
        return may_end.wait(30)

    waiting = [gevent.spawn(heavy.read, wait, HEAVY, limit=10_000, caller="a") for _ in range(3)]
    gevent.sleep(0.01)
    with pytest.raises(TooManyWaiting) as refused:
        heavy.read(wait, HEAVY, limit=10_000, caller="a")
    assert refused.value.retry_after_s == 1
    may_end.set()
    gevent.joinall(waiting, raise_error=True)
    assert heavy.read(wait, HEAVY, limit=10_000, caller="a")
