"""Whether what has come of an answer is all of it, although nothing says that it ends.

Asked when nothing more comes: a server may keep the connection open behind a whole answer, or never
send the last chunk. A document of JSON says itself where it ends; so do streams.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from shared.codecs.strict_json import bare, parse
from shared.wire import response_events
from workers.heavy import away

#: Types of the events that are the last ones of their streams.
_LAST: Final = response_events.LAST | {"message_stop"}
_DONE: Final = b"[DONE]"


class Completeness:
    """Tells it of a body that grows; asked again without a new byte, it says the same."""

    def __init__(self, text: Callable[[], bytes]) -> None:
        self._text = text
        self._size = -1
        self._was_whole = False

    def __call__(self) -> bool:
        """Return whether nothing is missing."""
        text = self._text()
        if len(text) != self._size:
            self._size = len(text)
            self._was_whole = away(len(text), lambda: is_whole(text))
        return self._was_whole


def is_whole(text: bytes) -> bool:
    """Whether it is a whole document of JSON, or a stream that has told its end. Pure."""
    text = bare(text.strip())
    if text[:1] not in (b"{", b"["):
        return text.endswith(_DONE) or _ends(_value(text.rpartition(b"data:")[2]))
    value = _value(text)
    if value is None:
        # Lines of JSON: the last one tells.
        return _ends(_value(text.rpartition(b"\n")[2]))
    return _ends(value) or not _is_piece(value)


def _value(text: bytes) -> Any:
    try:
        return parse(text)
    except ValueError:
        return None


def _ends(value: Any) -> bool:
    """Whether an event, or a line, is the last one that matters."""
    if not isinstance(value, dict):
        return False
    return value.get("done") is True or response_events.kind_of(value) in _LAST


def _is_piece(value: Any) -> bool:
    """Whether others follow: a chunk, or a line, of an answer in many."""
    if not isinstance(value, dict):
        return False
    choices = value.get("choices")
    has_delta = isinstance(choices, list) and any(
        isinstance(choice, dict) and "delta" in choice for choice in choices
    )
    return has_delta or value.get("done") is False
