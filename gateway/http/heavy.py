"""Work on heavy bodies, away from the event loop: others go on while it is done.

What comes to little, such as a call of an LLM (its text, and a few fields), is read in a process of
its own (`helper.py`). What comes as values is read in a thread, for to bring them here would
take as long as to read them: Python runs one thread at a time; they hand over every 0.2 ms. Each
caller has one such work at a time, so that nobody fills the line.
"""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

from gevent import get_hub
from gevent.lock import BoundedSemaphore

from gateway.http.helper import Helper
from shared.codecs.json_size import has_more_values, most_values
from shared.errors import TooManyValues, TooManyWaiting
from shared.native_threads import in_thread, outcome_of

T = TypeVar("T")

#: Most bytes of one caller's bodies that wait to be read, or are being read.
_MOST_WAITING_BYTES: Final = 256 * 1024 * 1024
#: Up to here a body is read at once: a millisecond or two.
_LIGHT_BYTES: Final = 524_288
_LIGHT_VALUES: Final = 2_000

_helpers: weakref.WeakKeyDictionary[Any, Helper] = weakref.WeakKeyDictionary()
_lines: weakref.WeakValueDictionary[str, _Line] = weakref.WeakValueDictionary()


class _Line:
    """Where the works of one caller wait for each other."""

    def __init__(self) -> None:
        self.turn = BoundedSemaphore()
        self.waiting_bytes = 0


def is_light(raw: bytes | str) -> bool:
    """Whether work on this JSON text takes no time worth a thread."""
    if len(raw) > _LIGHT_BYTES:
        return False
    text = raw.encode() if isinstance(raw, str) and len(raw) > _LIGHT_VALUES else raw
    return len(text) <= _LIGHT_VALUES or most_values(text) <= _LIGHT_VALUES  # type: ignore[arg-type]


def read(parse: Callable[[bytes], T], raw: bytes, *, limit: int, caller: str) -> T:
    """Return what the body is. Raises TooManyValues, TooManyWaiting, and what `parse` raises."""
    if is_light(raw):
        return parse(raw)
    with _turn(caller, len(raw)):
        return in_thread(partial(_read, parse, raw, limit))


def read_call(parse: Callable[[bytes], T], raw: bytes, *, limit: int, caller: str) -> T:
    """Return what the body is, whose values are not wanted here; `parse` is a module's function.

    Raises TooManyValues, TooManyWaiting, BodyNotRead when the helper fails, and what `parse` does.
    """
    if is_light(raw):
        return parse(raw)
    return beside(partial(_read, parse, raw, limit), caller=caller, size_bytes=len(raw))


def beside(work: Callable[[], T], *, caller: str, size_bytes: int = 0) -> T:
    """Return what the work comes to, done in the helper; both can be pickled, the latter is small.

    Raises what it raises, TooManyWaiting, and BodyNotRead when the helper fails.
    """
    with _turn(caller, size_bytes):
        return outcome_of(*_helper().do(work))  # type: ignore[no-any-return]


def _read(parse: Callable[[bytes], T], raw: bytes, limit: int) -> T:
    if has_more_values(raw, limit):
        raise TooManyValues(
            f"The body has more than the {limit:,} JSON values that this gateway reads; "
            "send less at once."
        )
    return parse(raw)


@contextmanager
def _turn(caller: str, size_bytes: int) -> Iterator[None]:
    """Wait for the caller's turn, with a body of so many bytes. Raises TooManyWaiting."""
    line = _lines.get(caller)
    if line is None:
        line = _lines[caller] = _Line()
    if line.waiting_bytes and line.waiting_bytes + size_bytes > _MOST_WAITING_BYTES:
        raise TooManyWaiting(
            "Too many large requests of this key are on their way; try again.", retry_after_s=1
        )
    line.waiting_bytes += size_bytes
    try:
        with line.turn:
            yield
    finally:
        line.waiting_bytes -= size_bytes


def _helper() -> Helper:
    """Return the process beside this event loop."""
    hub = get_hub()
    helper = _helpers.get(hub)
    if helper is None:
        helper = _helpers[hub] = Helper()
        atexit.register(helper.stop)
    return helper
