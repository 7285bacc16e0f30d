"""Work on heavy bodies, away from the event loop: others go on while it is done.

What comes to little, such as a call of an LLM (its text, and a few fields), is read in a process of
its own (`helper.py`). What comes as values is read in a thread, for to bring them here would
take as long as to read them: Python runs one thread at a time; they hand over every 0.2 ms. Each
caller has one such work at a time, so that nobody fills the line.
"""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from gevent import get_hub
from gevent.lock import BoundedSemaphore

from gateway.http.helper import Helper
from shared.codecs.json_size import has_more_values, most_values
from shared.errors import TooManyValues
from shared.native_threads import in_thread, outcome_of

T = TypeVar("T")

#: Up to here a body is read at once: a millisecond or two.
_LIGHT_BYTES: Final = 524_288
_LIGHT_VALUES: Final = 2_000

_helpers: weakref.WeakKeyDictionary[Any, Helper] = weakref.WeakKeyDictionary()
_turns: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


def is_light(raw: bytes | str) -> bool:
    """Whether work on this JSON text takes no time worth a thread."""
    if len(raw) > _LIGHT_BYTES:
        return False
    text = raw.encode() if isinstance(raw, str) and len(raw) > _LIGHT_VALUES else raw
    return len(text) <= _LIGHT_VALUES or most_values(text) <= _LIGHT_VALUES  # type: ignore[arg-type]


def read(parse: Callable[[bytes], T], raw: bytes, *, limit: int, caller: str) -> T:
    """Return what the body is. Raises TooManyValues, and what `parse` raises."""
    if is_light(raw):
        return parse(raw)
    return away(partial(_read, parse, raw, limit), caller)


def read_call(parse: Callable[[bytes], T], raw: bytes, *, limit: int, caller: str) -> T:
    """Return what the body is, whose values are not wanted here; `parse` is a module's function.

    Raises TooManyValues, what `parse` raises, and BodyNotRead when the helper fails.
    """
    if is_light(raw):
        return parse(raw)
    return beside(partial(_read, parse, raw, limit), caller=caller)


def beside(work: Callable[[], T], *, caller: str) -> T:
    """Return what the work comes to, done in the helper; both can be pickled, the latter is small.

    Raises what it raises, and BodyNotRead when the helper fails.
    """
    with _turn(caller):
        return outcome_of(*_helper().do(work))  # type: ignore[no-any-return]


def away(work: Callable[[], T], caller: str) -> T:
    """Return what the work comes to, done in the thread. Raises what it raises."""
    with _turn(caller):
        return in_thread(work)


def _read(parse: Callable[[bytes], T], raw: bytes, limit: int) -> T:
    if has_more_values(raw, limit):
        raise TooManyValues(
            f"The body has more than the {limit:,} JSON values that this gateway reads; "
            "send less at once."
        )
    return parse(raw)


def _turn(caller: str) -> Any:
    turn = _turns.get(caller)
    if turn is None:
        turn = _turns[caller] = BoundedSemaphore()
    return turn


def _helper() -> Helper:
    """Return the process beside this event loop."""
    hub = get_hub()
    helper = _helpers.get(hub)
    if helper is None:
        helper = _helpers[hub] = Helper()
        atexit.register(helper.stop)
    return helper
