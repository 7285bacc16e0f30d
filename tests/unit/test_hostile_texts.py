"""What strangers write is read once: a pattern that looks at it again and again stops the process.

Counted in the process's own seconds, which a busy machine does not make more of: of patterns that
read a text once each of these takes a fraction of one, of others minutes.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import pytest

from shared.errors import ValidationFailed
from shared.wire.queueing.flow_control import read_flow
from workers.providers.error_body import page_title
from workers.providers.redaction import redactor

_MOST_S = 5.0


def _rate(text: str) -> None:
    with suppress(ValidationFailed):
        read_flow({"flowKey": "k", "rate": text})


def _redacted(text: str) -> None:
    redactor(frozenset({"a-secret-of-ours"}))(text)


def _page(text: str) -> None:
    page_title(b"<html>" + text.encode())


@contextmanager
def _few_seconds() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError("it is read again and again")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _MOST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        pytest.param(_rate, "1 per " + " " * 400_000 + "x", id="blanks in a rate"),
        pytest.param(_rate, "1" + " " * 400_000 + "x", id="blanks behind its number"),
        pytest.param(_rate, "1 per 5" + " " * 400_000 + "x", id="blanks behind its count"),
        pytest.param(_redacted, "ak-" * 150_000, id="an error of beginnings of keys"),
        pytest.param(_redacted, "eyJ-" * 100_000, id="an error of beginnings of tokens"),
        pytest.param(_redacted, "bearer " * 50_000, id="an error of schemes"),
        pytest.param(_redacted, "*" * 400_000, id="an error of masks"),
        pytest.param(_page, "<title" * 50_000, id="a page of beginnings of titles"),
        pytest.param(_page, "<title>" * 40_000, id="a page of titles without an end"),
        pytest.param(_page, "<message></title>" * 20_000, id="a page of ends of others"),
    ],
)
def test_text_is_read_once(read: Callable[[str], None], text: str) -> None:
    with _few_seconds():
        read(text)
