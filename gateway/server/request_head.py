"""Reads the head of an HTTP/1.1 request into a WSGI environment, and refuses what is ambiguous.

A proxy in front may read an ambiguous head in another way than we do; then a part of one request
counts as the next one, with another client's name on it. So there is one way to read a head, or
none: RFC 9112, sections 2.2, 3, 5.1, 6.1 and 6.3.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from gateway.http.request_headers import environ_name

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_is_token = re.compile(_NAME).fullmatch
#: A target in absolute form: RFC 9112, section 3.2.2. A proxy's clients send it.
_absolute = re.compile(r"https?://([^/?#]*)([/?][^#]*)?", re.IGNORECASE).fullmatch
#: A name, an IPv4 address, or an IPv6 address in brackets; and a port: RFC 3986, section 3.2.2.
_authority = re.compile(
    r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+(?:%25[A-Za-z0-9._~-]+)?\])(?::([0-9]{0,5}))?"
).fullmatch
_LAST_PORT: Final = 65_535
#: Methods are case-sensitive (RFC 9110, section 9.1), and libraries behind take `post` for POST: it
#: would pass a proxy in front that lets no POST through.
_METHOD: Final = r"[!#$%&'*+.^_`|~0-9A-Z-]+"
_request_line = re.compile(rf"({_METHOD}) ([\x21-\x7e\x80-\xff]+) (HTTP/1\.[01])\r\n").fullmatch
#: A control character; a line that ends in less than CRLF; one that goes on in the next.
_find_foul = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n|\n[ \t]").search

#: Most header lines of a request.
MOST_LINES: Final = 100
#: Most characters of a name, and of a host with its port: what is remembered has a bound.
_LONGEST_NAME: Final = 256
_LONGEST_HOST: Final = 300
#: Most digits of a length: more than any body has, and few enough for 64 bits.
_MOST_DIGITS: Final = 18
#: What a request may say only once. Of the content's type, the first counts.
_ONCE: Final = frozenset(("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_HOST"))
_FIRST: Final = frozenset(("CONTENT_TYPE",))


class BadHead(ValueError):
    """The head of a request cannot be read in one way only."""

    #: What it is answered with.
    status = 400


class LineTooLong(BadHead):
    """The first line is too long."""

    status = 414

    def __init__(self) -> None:
        super().__init__("the first line is too long; send large values in a body")


class FieldsTooLarge(BadHead):
    """The header lines are too many or too long."""

    status = 431

    def __init__(self) -> None:
        super().__init__(f"more than {MOST_LINES} header lines, or 64 KiB of them")


class HeadTooLate(BadHead):
    """The head did not come in time."""

    status = 408

    def __init__(self) -> None:
        super().__init__("the head of the request did not come in time")


class RequestLine(NamedTuple):
    """The first line. The target is a path with its query, or `*`.

    `host` is the one that a target in absolute form names, which overrules the header.
    """

    method: str
    target: str
    version: str
    host: str | None = None


def parse_request_line(line: str) -> RequestLine:
    """Read the first line of a request, with its end. Raises BadHead."""
    found = _request_line(line)
    if found is None:
        raise BadHead("the first line is not a method in capitals, a target and a version")
    method, target, version = found.groups()
    if target.startswith("/") or (target == "*" and method == "OPTIONS"):
        return RequestLine(method, target, version)
    absolute = _absolute(target)
    if absolute is None or not _is_host(absolute[1]):
        raise BadHead("the target is neither a path nor a URL")
    path = absolute[2] or "/"
    return RequestLine(method, path if path[0] == "/" else f"/{path}", version, absolute[1])


def parse_fields(head: bytes, version: str) -> dict[str, str]:
    """Return what WSGI calls the header lines, which end with an empty one. Raises BadHead.

    Names with an underscore are left out: nobody could tell them from those with a hyphen.
    """
    if _find_foul(head):
        raise BadHead("a line is folded, has a control character, or ends without CRLF")
    lines = head.decode("latin-1").split("\r\n")
    if len(lines) > MOST_LINES + 2:
        raise FieldsTooLarge
    environ: dict[str, str] = {}
    for line in lines[:-2]:
        name, colon, value = line.partition(":")
        if len(name) > _LONGEST_NAME:
            raise FieldsTooLarge
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
    """Raise BadHead unless it is certain where the body ends, and for whom it is."""
    length, coding = environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING")
    if length is not None and not (
        length.isascii() and length.isdecimal() and len(length) <= _MOST_DIGITS
    ):
        raise BadHead("the Content-Length is no number")
    if coding is not None:
        if length is not None:
            raise BadHead("both a Content-Length and a Transfer-Encoding")
        if coding.lower() != "chunked" or version != "HTTP/1.1":
            raise BadHead("a Transfer-Encoding other than chunked, or before version 1.1")
    host = environ.get("HTTP_HOST")
    if host is None and version == "HTTP/1.1":
        raise BadHead("no Host")
    if host is not None and not (len(host) <= _LONGEST_HOST and _is_host(host)):
        raise BadHead("the Host is none")


@lru_cache(maxsize=256)
def _is_host(text: str) -> bool:
    """Whether this is a host, with a port or without: what RFC 9110 calls for in 7.2."""
    found = _authority(text)
    return found is not None and int(found[1] or 0) <= _LAST_PORT
