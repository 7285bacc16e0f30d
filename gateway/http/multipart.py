"""Reads `multipart/form-data` as it comes: a file in it costs a piece of memory, whatever its size.

RFC 7578, decoded by Werkzeug's decoder, which does no input and output of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from gateway.http.request import IncomingRequest
from shared.errors import BodyTooLarge, ContentCodingNotSupported, ValidationFailed

MULTIPART: Final = "multipart/form-data"
#: How many bytes are read at once.
_PIECE_BYTES: Final = 65_536
#: Most bytes that wait for their end: the headers of a part, or what stands before the first one.
_WAITING_BYTES: Final = 3 * _PIECE_BYTES
#: Most parts, and most bytes of all that are no files.
_MOST_PARTS: Final = 1000
_FIELD_BYTES: Final = 1_048_576
#: RFC 2046, section 5.1.1, has 70 characters; clients that put a time and a number into theirs,
#: as Werkzeug's does, send a few more now and then.
_LONGEST_BOUNDARY: Final = 200

#: Takes a file's field, name, said type and bytes. It need not read all of them.
TakeFile = Callable[[str, str, str | None, Iterator[bytes]], None]


def read_form(asked: IncomingRequest, most_bytes: int, take: TakeFile) -> list[tuple[str, str]]:
    """Return the fields of the request's form; give its files, as they come, to `take`.

    Raises ValidationFailed, RequestEntityTooLarge, ClientDisconnected, and what `take` raises.
    """
    if asked.environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() != "identity":
        raise ContentCodingNotSupported("A form with files is not taken compressed.")
    asked.max_content_length = most_bytes
    if (asked.content_length or 0) > most_bytes:
        raise RequestEntityTooLarge
    return _Form(asked, take).read()


class _Form:
    def __init__(self, asked: IncomingRequest, take: TakeFile) -> None:
        self._stream = asked.stream
        self._take = take
        self._decoder = MultipartDecoder(
            _boundary(asked), max_form_memory_size=_WAITING_BYTES, max_parts=_MOST_PARTS
        )
        self._fields: list[tuple[str, str]] = []
        self._left = _FIELD_BYTES

    def read(self) -> list[tuple[str, str]]:
        while not isinstance(event := self._next(), Epilogue):
            if isinstance(event, File):
                self._read_file(event)
            elif isinstance(event, Field):
                text = self._text()
                self._fields.append((event.name or "", text))
        return self._fields

    def _read_file(self, part: File) -> None:
        pieces = self._pieces()
        if not part.filename:
            # A browser's file input that nobody has filled.
            first = next(pieces, b"")
            if not first:
                return
            pieces = _joined(first, pieces)
        kind = part.headers.get("content-type")
        self._take(part.name or "file", part.filename or "", kind, pieces)
        for _ in pieces:
            # What was not wanted; the next part is behind it.
            pass

    def _text(self) -> str:
        pieces = []
        for piece in self._pieces():
            self._left -= len(piece)
            if self._left < 0:
                raise ValidationFailed(f"The form's fields have more than {_FIELD_BYTES} bytes.")
            pieces.append(piece)
        return b"".join(pieces).decode("utf-8", "replace")

    def _pieces(self) -> Iterator[bytes]:
        """Give the bytes of the part under way."""
        while True:
            event = self._next()
            if not isinstance(event, Data):
                raise ValidationFailed(_MALFORMED)
            if event.data:
                yield event.data
            if not event.more_data:
                return

    def _next(self) -> Event:
        while isinstance(event := self._found(), NeedData):
            piece = self._piece()
            with _told():
                self._decoder.receive_data(piece)
        return event

    def _found(self) -> Event:
        with _told():
            return self._decoder.next_event()

    def _piece(self) -> bytes | None:
        try:
            return self._stream.read(_PIECE_BYTES) or None
        except OSError as exc:
            raise ClientDisconnected from exc


_MALFORMED: Final = "The body is no multipart/form-data, or it breaks off."
_NO_UTF_8: Final = (
    "The name of a field or of a file in the form is not UTF-8; send it so, or name the file in "
    "ASCII."
)
_TOO_MANY: Final = (
    f"The form has more than {_MOST_PARTS} parts, or headers of more than {_WAITING_BYTES} bytes."
)


@contextmanager
def _told() -> Iterator[None]:
    """Say what the decoder does not take. Raises ValidationFailed, BodyTooLarge."""
    try:
        yield
    except RequestEntityTooLarge as exc:
        raise BodyTooLarge(_TOO_MANY) from exc
    except UnicodeDecodeError as exc:
        raise ValidationFailed(_NO_UTF_8) from exc
    except (ValueError, AttributeError, TypeError) as exc:
        raise ValidationFailed(_MALFORMED) from exc


def _boundary(asked: IncomingRequest) -> bytes:
    kind, options = parse_options_header(asked.environ.get("CONTENT_TYPE", "")[:512])
    boundary = options.get("boundary", "")
    if kind.lower() != MULTIPART or not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise ValidationFailed("Send the file as multipart/form-data, with its boundary.")
    return boundary.encode("latin-1", "replace")


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
