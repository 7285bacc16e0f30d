"""Reads the head of an HTTP/1.1 request into a WSGI environment, and refuses what is ambiguous.

A proxy in front may read an ambiguous head in another way than we do; then a part of one request
counts as the next one, with another client's name on it. So there is one way to read a head, or
none: RFC 9112, sections 2.2, 3, 5.1, 6.1 and 6.3.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from gateway.request_headers import environ_name

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_is_token = re.compile(_NAME).fullmatch
_request_line = re.compile(rf"({_NAME}) ([\x21-\x7e\x80-\xff]+) (HTTP/1\.[01])\r\n").fullmatch
#: A control character; a line that ends in less than CRLF; one that goes on in the next.
_find_foul = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n|\n[ \t]").search

#: Most header lines of a request.
_MOST_LINES: Final = 100
#: Most digits of a length: more than any body has, and few enough for 64 bits.
_MOST_DIGITS: Final = 18
#: What a request may say only once. Of the content's type, the first counts.
_ONCE: Final = frozenset(("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_HOST"))
_FIRST: Final = frozenset(("CONTENT_TYPE",))


class BadHead(ValueError):
    """The head of a request cannot be read in one way only."""


class RequestLine(NamedTuple):
    """The first line. The target is as it was sent."""

    method: str
    target: str
    version: str


def parse_request_line(line: str) -> RequestLine:
    """Read the first line of a request, with its end. Raises BadHead."""
    found = _request_line(line)
    if found is None:
        raise BadHead("the first line is not that of an HTTP/1.1 request")
    return RequestLine(*found.groups())


def parse_fields(head: bytes, version: str) -> dict[str, str]:
    """Return what WSGI calls the header lines, which end with an empty one. Raises BadHead.

    Names with an underscore are left out: nobody could tell them from those with a hyphen.
    """
    if _find_foul(head):
        raise BadHead("a line is folded, has a control character, or ends without CRLF")
    lines = head.decode("latin-1").split("\r\n")
    if len(lines) > _MOST_LINES + 2:
        raise BadHead(f"more than {_MOST_LINES} header lines")
    environ: dict[str, str] = {}
    for line in lines[:-2]:
        name, colon, value = line.partition(":")
        key = _accepted_name(name) if colon else None
        if key is None:
            raise BadHead("a header line without a name")
        if key in environ:
            _repeat(environ, key, value.strip(" \t"))
        elif key:
            environ[key] = value.strip(" \t")
    _check_framing(environ, version)
    return environ


def keeps_open(version: str, connection: str) -> bool:
    """Whether the client keeps the connection after this request: its `Connection` says so."""
    wishes = [wish.strip(" \t") for wish in connection.lower().split(",")]
    return "close" not in wishes if version == "HTTP/1.1" else "keep-alive" in wishes


@lru_cache(maxsize=1024)
def _accepted_name(name: str) -> str | None:
    """Return WSGI's name of a header, empty for one to leave out; None for what is no name."""
    if _is_token(name) is None:
        return None
    if "_" in name:
        return ""
    return environ_name(name)


def _repeat(environ: dict[str, str], key: str, value: str) -> None:
    if key in _ONCE:
        raise BadHead(f"{key.removeprefix('HTTP_')} is given more than once")
    if key not in _FIRST:
        environ[key] += f"; {value}" if key == "HTTP_COOKIE" else f",{value}"


def _check_framing(environ: dict[str, str], version: str) -> None:
    """Raise BadHead unless it is certain where the body ends."""
    length, coding = environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING")
    if length is not None and not (
        length.isascii() and length.isdecimal() and len(length) <= _MOST_DIGITS
    ):
        raise BadHead("the Content-Length is no number")
    if coding is not None:
        if length is not None:
            raise BadHead("both a Content-Length and a Transfer-Encoding")
        if coding.lower() != "chunked" or version != "HTTP/1.1":
            raise BadHead("a Transfer-Encoding other than that of HTTP/1.1 in chunks")
    if version == "HTTP/1.1" and "HTTP_HOST" not in environ:
        raise BadHead("no Host")
