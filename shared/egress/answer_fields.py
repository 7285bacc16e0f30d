"""The header fields of an answer, read in fewer steps where they are as they mostly are.

http.client reads them as those of an email, by rules for texts of many lines, which is a thirtieth
of what a chat costs a worker. Whatever is not plainly a name and its value is still read so.
"""

from __future__ import annotations

import email.parser
import re
from http.client import HTTPException, HTTPMessage, LineTooLong
from typing import IO, Any, Final

#: As http.client has them: most bytes of a line, and most lines.
_MOST_BYTES: Final = 65_536
_MOST_LINES: Final = 100
#: What http.client reads of the fields to know where a body ends; of a list it reads nothing.
_FRAMING: Final = frozenset(("transfer-encoding", "content-length"))
_ENDS: Final = (b"\r\n", b"\n", b"")
#: A field as RFC 9112, 5 has it, on one line.
_field = re.compile(rb"([!#$%&'*+.^_`|~\w-]++):[ \t]*+([^\r\n]*+)\r\n").fullmatch


class _Fields(HTTPMessage):
    """Fields whose values are as they are, with nothing of an email to be made of them."""

    _headers: list[tuple[str, str]]

    def get(self, name: str, failobj: Any = None) -> Any:
        """Return the first one of this name, in whatever case."""
        name = name.lower()
        for named, value in self._headers:
            if named.lower() == name:
                return value if "," not in value else self._framing(name, value)
        return failobj

    def _framing(self, name: str, value: str) -> str:
        """Return what frames a body as if it were said once: some say it twice on one line.

        What compresses it on its way is taken for what compresses the body.
        """
        if name not in _FRAMING:
            return value
        *others, last = (part.strip().lower() for part in value.split(","))
        codings = [one for one in others if one != last]
        if codings and last != "chunked":
            return value
        if codings:
            kept = [one for one in self._headers if one[0].lower() != name]
            self._headers = [*kept, (name, last), ("Content-Encoding", ", ".join(codings))]
        return last

    def items(self) -> Any:
        """Return all names and values, in their order."""
        return list(self._headers)


def read_fields(file: IO[bytes]) -> HTTPMessage:
    """Return the fields up to the empty line. Raises LineTooLong, HTTPException, OSError."""
    lines = _lines(file)
    message = _Fields()
    message.set_payload("")
    for line in lines[:-1]:
        found = _field(line)
        if found is None:
            return email.parser.Parser(_class=HTTPMessage).parsestr(_text(b"".join(lines)))
        message.set_raw(str(found[1], "iso-8859-1"), str(found[2], "iso-8859-1"))
    return message


def _lines(file: IO[bytes]) -> list[bytes]:
    lines: list[bytes] = []
    while not lines or lines[-1] not in _ENDS:
        line = file.readline(_MOST_BYTES + 1)
        if len(line) > _MOST_BYTES:
            raise LineTooLong("header line")
        lines.append(line)
        if len(lines) > _MOST_LINES:
            raise HTTPException(f"got more than {_MOST_LINES} headers")
    return lines


def _text(data: bytes) -> str:
    return data.decode("iso-8859-1")
