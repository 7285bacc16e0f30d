"""How the pieces of a stream are cut: as was asked for, or as the answer begins."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from shared.codecs.sse import DoubledParser, EventParser
from shared.codecs.strict_json import BOM, bare
from workers.providers.answers.characters import (
    may_be_wide,
    may_differ,
    narrowed,
    piece_in_utf8,
    told_in,
)
from workers.providers.answers.wrapped import LONGEST_GUARD
from workers.providers.base import ProviderCall
from workers.providers.error_body import begins_a_page
from workers.providers.http_errors import unreadable

#: With what the first line of server-sent events can begin: data, event, error, id, retry, comment.
_FIELDS_BEGIN: Final = (b"d", b"e", b"i", b"r", b":")
#: How a stream begins whose events were made of events.
_DOUBLED: Final = (b"data: data:", b"data:data:")
_DOCUMENTS: Final = (b"{", b"[")


class Parser(Protocol):
    """Cuts a stream's bytes, in whatever pieces they arrive, into its events or lines."""

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Return what these bytes complete. Raises EventTooLarge."""
        ...

    def finish(self) -> Iterable[bytes]:
        """Return what the end completes."""
        ...


@dataclass(frozen=True, slots=True)
class Framing:
    """How a stream is cut: its parser, and which piece is its last.

    `is_lines`: its pieces are lines of JSON. Whatever was asked for, events are read as events.
    """

    parser: Callable[[], Parser]
    is_last: Callable[[bytes], bool]
    is_lines: bool = False


def events(is_last: Callable[[bytes], bool]) -> Framing:
    """Return the framing of server-sent events."""
    return Framing(EventParser, is_last)


def begun(body: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes of a body, up to one that says something, and what is behind them."""
    first = next(body, b"")
    body = itertools.chain([first], body)
    if may_be_wide(first):
        body = narrowed(body)
    return _beginning(body), body


def _beginning(body: Iterator[bytes]) -> bytes:
    """Return the first bytes, up to one that says something, without a byte order mark."""
    read = b""
    for data in body:
        read = bare((read + data).lstrip())
        if read and not any(known.startswith(read) for known in (BOM, *_DOUBLED)):
            break
    return read


def parser_of(framing: Framing, beginning: bytes, kind: str) -> Parser | None:
    """Return what cuts a body into pieces, by how it begins; None if it is no stream."""
    parser = _parser_of(framing, beginning, kind)
    if parser is not None and may_differ(kind) and (coding := told_in(kind)):
        return _Recoded(parser, coding)
    return parser


def _parser_of(framing: Framing, beginning: bytes, kind: str) -> Parser | None:
    first = beginning.lstrip()[:1]
    if framing.is_lines and first == b"{" and not _is_indented(beginning):
        return framing.parser()
    if first in _DOCUMENTS:
        return None
    if first in _FIELDS_BEGIN or kind.startswith("text/event-stream"):
        return DoubledParser() if beginning.startswith(_DOUBLED) else EventParser()
    return None


class _Recoded:
    """A parser whose pieces were written in other characters than UTF-8."""

    def __init__(self, parser: Parser, coding: str) -> None:
        self._parser = parser
        self._coding = coding

    def feed(self, data: bytes) -> Iterable[bytes]:
        return [piece_in_utf8(piece, self._coding) for piece in self._parser.feed(data)]

    def finish(self) -> Iterable[bytes]:
        return [piece_in_utf8(piece, self._coding) for piece in self._parser.finish()]


def document_of(call: ProviderCall, beginning: bytes, body: Iterator[bytes]) -> Iterator[bytes]:
    """Give the bytes of what is no stream. Raises ProviderError for what holds no document.

    Few words may stand before it: others are not read to an end that they may not have.
    """
    if not beginning.startswith(_DOCUMENTS):
        beginning = _with_document(call, beginning, body)
    yield beginning
    yield from body


def _with_document(call: ProviderCall, beginning: bytes, body: Iterator[bytes]) -> bytes:
    """Return the first bytes of a body, up to where its document begins. Raises ProviderError."""
    while b"{" not in beginning and len(beginning) < LONGEST_GUARD and not _is_page(beginning):
        if not (data := next(body, b"")):
            break
        beginning += data
    if b"{" not in beginning[:LONGEST_GUARD] or _is_page(beginning):
        raise unreadable(call, beginning, "did not answer with a stream")
    return beginning


def _is_page(beginning: bytes) -> bool:
    return begins_a_page(beginning.decode("utf-8", "replace")) is not None


def _is_indented(beginning: bytes) -> bool:
    return beginning.lstrip()[1:].lstrip(b" \t\r").startswith(b"\n")
