"""Server-sent events: reading their data from bytes in any pieces, and writing them.

The rules are those of the WHATWG HTML standard, section 9.2.6, "Interpreting an event stream":
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import re

from shared.codecs.strict_json import BEFORE

#: Bytes of one event: its data so far and the line that is being read.
MAX_EVENT_BYTES = 16 * 1024 * 1024

#: Fields that may say that their event is an error.
_MAY_SAY_ERROR = frozenset((b"event", b"error"))
#: Names of events that matter: errors, and mere signs of life, which may be any text.
_ERROR, _SIGN = 1, 2
_NAMES = {b"error": _ERROR} | dict.fromkeys(
    (b"ping", b"heartbeat", b"keepalive", b"keep-alive"), _SIGN
)
#: With what the types of events begin whose names are these as well.
_TYPES = (
    *(b"response.", b"message_", b"content_block_"),
    *(b"image_generation.", b"image_edit.", b"speech.audio.", b"transcript.text."),
)
_DATA = b"data:"
#: With what an object of JSON begins.
_OBJECT = b'{"'
#: What never follows the end of an object within one document of JSON: `[DONE]` begins so, too.
_ANOTHER = (b"{", b"[")
_find_forbidden_in_id = re.compile("[\0\r\n]").search


#: Data that says nothing, and the word that nothing follows, in capitals or not; and what may stand
#: around it.
_BLANK = frozenset((b"", b"null", b'""', b"[]", b"{}"))
_DONE = frozenset((b"[DONE]", b"DONE"))
_AROUND_DONE = b" \t\r\n\"'"
#: Neither is longer (bytes).
LONGEST_WORD = 16


class EventTooLarge(ValueError):
    """An event of the stream is larger than the parser may hold."""


class ErrorEvent(bytes):
    """The data of an event that says by its name, or by its field, that it is an error."""

    __slots__ = ()


class EventParser:
    """The data of a stream's events, from the bytes as they arrive.

    Comments and the fields `id` and `retry` are passed over, `event` too unless it is `error`: then
    the data comes as an ErrorEvent, as does a field `error`, which some servers have in the place
    of `data`. A line that is an object of JSON, which no field is, begins an event as well: some
    send an error, or the whole answer behind comments, as it is. So does an object behind an object
    without the blank line that should part them. A ping by its name is blank, unless it is an
    object. A type that an event tells by its name alone is put into its data. Byte order marks,
    NULs and blanks before a line are passed over. Data is neither decoded nor checked, so a
    character may be cut by the end of a read.
    """

    __slots__ = ("_data", "_kind", "_line", "_max_bytes", "_skips_line_feed")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_bytes = max_event_bytes
        self._line = bytearray()
        self._data = bytearray()
        self._kind: int | bytes = 0
        self._skips_line_feed = False

    def feed(self, data: bytes) -> list[bytes]:
        r"""Return the data of each event that these bytes complete, its lines joined by `\n`.

        Raises EventTooLarge; what was read is lost then, and the parser is of no more use.
        """
        lines = self._end_lines_alike(data).split(b"\n")
        self._line += lines[0]
        self._check_size(self._line)
        if len(lines) == 1:
            return []
        lines[0] = self._take_line()
        rest = lines.pop()
        # With all of what has come too small, so is each of its lines.
        is_small = len(self._data) + len(lines[0]) + len(data) <= self._max_bytes
        events = self._read_lines(lines, is_small=is_small)
        self._line += rest
        if not is_small:
            self._check_size(self._line)
        return events

    def finish(self) -> list[bytes]:
        """Return the event that the end of the stream completes: none, or one.

        The standard drops an event without its blank line. Servers leave that line out at their
        end, so it is for the caller to see whether the event is whole.
        """
        return self._read_lines([self._take_line(), b""])

    def _end_lines_alike(self, data: bytes) -> bytes:
        r"""Return the bytes with `\n` at the end of each line, whichever of the three it was.

        A `\r` ends its line at once, even as the last byte of a read: to wait for the `\n` that may
        follow would hold an event back. That `\n` is left out when it comes.
        """
        if self._skips_line_feed and data:
            data = data.removeprefix(b"\n")
            self._skips_line_feed = False
        if b"\r" in data:
            self._skips_line_feed = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def _take_line(self) -> bytes:
        line = bytes(self._line)
        self._line.clear()
        return line

    def _read_lines(self, lines: list[bytes], *, is_small: bool = False) -> list[bytes]:
        events = []
        data = self._data
        for line in lines:
            if line:
                if not is_small:
                    self._check_size(line)
                name, _, value = line.partition(b":")
                if name == b"data":
                    value = value.removeprefix(b" ")
                    if data and data.endswith(b"}\n") and value.startswith(_ANOTHER):
                        events.append(self._take_event())
                    data += value
                    data += b"\n"
                elif name in _MAY_SAY_ERROR:
                    self._note(name, value.removeprefix(b" "))
                else:
                    events += self._read_other(line)
            elif data:
                events.append(self._take_event())
            else:
                self._kind = 0
        return events

    def _read_other(self, line: bytes) -> list[bytes]:
        """Take in a line that is no field; return the event that it ends, if it begins another."""
        bare = line.lstrip(BEFORE)
        if len(bare) < len(line):
            return self._read_lines([bare])
        if not line.startswith(_OBJECT):
            return []
        ended = [self._take_event()] if self._data else []
        self._data += line + b"\n"
        return ended

    def _take_event(self) -> bytes:
        event = bytes(self._data[:-1])
        self._data.clear()
        if self._kind:
            kind, self._kind = self._kind, 0
            if kind == _ERROR:
                return ErrorEvent(event)
            if kind == _SIGN:
                return event if event.startswith(b"{") else b""
            return event if kind in event else _typed(event, kind)  # type: ignore[arg-type]
        return event

    def _note(self, name: bytes, value: bytes) -> None:
        if name == b"event":
            value = value.strip()
            self._kind = _NAMES.get(value) or (value if value.startswith(_TYPES) else 0)
        else:
            self._kind = _ERROR
            self._data += value + b"\n"

    def _check_size(self, line: bytes | bytearray) -> None:
        if len(self._data) + len(line) > self._max_bytes:
            raise EventTooLarge(f"an event of the stream is larger than {self._max_bytes} bytes")


def _typed(event: bytes, name: bytes) -> bytes:
    """Return the data of an event that has its type in its name alone, with the type in it."""
    if not event.startswith(b"{"):
        return event
    rest = event[1:].lstrip()
    return b'{"type":"%b"%b%b' % (name, b"" if rest.startswith(b"}") else b",", rest)


class DoubledParser(EventParser):
    """The same of a stream whose events were made twice: `data: data: {}`.

    So do servers that hand lines of events to a library that makes events of them.
    """

    __slots__ = ()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the data of each event that these bytes complete, of which it was made first."""
        return list(map(_made_once, super().feed(data)))

    def finish(self) -> list[bytes]:
        """Return the event that the end of the stream completes: none, or one."""
        return list(map(_made_once, super().finish()))


def _made_once(event: bytes) -> bytes:
    """Return what an event's data is the field of."""
    return event.removeprefix(_DATA).strip() if event.startswith(_DATA) else event


def is_blank(data: bytes) -> bool:
    """Whether an event is a mere sign of life; an error is none, whatever it says."""
    return len(data) <= LONGEST_WORD and data.strip() in _BLANK and type(data) is bytes


def is_done(data: bytes) -> bool:
    """Whether an event says that nothing follows: `[DONE]`, however it is written."""
    return len(data) <= LONGEST_WORD and data.strip(_AROUND_DONE).upper() in _DONE


def encode(data: bytes, event_id: str | None = None, *, name: str | None = None) -> bytes:
    r"""Return an event; data of several lines becomes several data lines, read again with `\n`.

    `name` is its type, a word. Raises ValueError for an id that holds a line end or NUL, which no
    reader would take as one id.
    """
    if event_id is not None and _find_forbidden_in_id(event_id):
        raise ValueError("an event's id must be one line without NUL")
    head = b"" if event_id is None else b"id: %b\n" % event_id.encode()
    if name is not None:
        head = b"event: %b\n%b" % (name.encode(), head)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return b"%bdata: %b\n\n" % (head, data.replace(b"\n", b"\ndata: "))
