"""The HTTP that all dialects share: one POST, its answer read and judged.

What differs is handed in: where to (`Target`), how an error is told (`ErrorReader`), and how a
stream is cut into pieces and ends (`Framing`).
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, Protocol

import gevent
import requests
from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from shared.codecs.sse import LONGEST_WORD, DoubledParser, EventParser, EventTooLarge, is_blank
from shared.codecs.strict_json import BOM, bare, parse
from shared.turns import begin_share, share
from workers.providers.answers.body import READ_BYTES, collected, pieces, too_large, whole
from workers.providers.base import EndedWithoutDone, ProviderCall
from workers.providers.http_errors import ErrorReader, error_of, unreachable
from workers.providers.no_connection import why

Pairs = tuple[tuple[str, str], ...]

#: How long the answer may take to end after its last piece (seconds), and in how many reads, or
#: its connection is closed.
_END_S: Final = 0.05
_MOST_READS: Final = 16
#: With what the first line of server-sent events can begin: data, event, error, id, retry, comment.
_FIELDS_BEGIN: Final = (b"d", b"e", b"i", b"r", b":")
#: How a stream begins whose events were made of events.
_DOUBLED: Final = (b"data: data:", b"data:data:")
_BROKE_OFF: Final = "broke off its stream"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to POST, or to GET. `headers` are those that the dialect adds, credentials included."""

    url: str
    headers: Pairs = ()
    #: How errors are told there; None for OpenAI's way, which is passed on as it is.
    read_error: ErrorReader | None = None
    method: str = "POST"


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


class Body(Protocol):
    """The body of a request that is not whole in memory; given anew each time."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


class WholeAnswer(bytes):
    """The body of an answer that is no stream, although one was asked for."""

    __slots__ = ()


def ask(session: requests.Session, call: ProviderCall, target: Target, body: bytes | Body) -> bytes:
    """POST the body and return that of the answer, whatever it is. Raises ProviderError."""
    with answered(session, call, target, body) as response:
        return whole(call, response)


@contextmanager
def answered(
    session: requests.Session, call: ProviderCall, target: Target, body: bytes | Body
) -> Iterator[requests.Response]:
    """POST the body and give the answer, if it is a success, to be read. Raises ProviderError."""
    with (
        _translated(call, "broke off its answer"),
        _answered(session, call, target, body) as response,
    ):
        yield response


def stream(
    session: requests.Session,
    call: ProviderCall,
    target: Target,
    body: bytes | Body,
    framing: Framing,
) -> Generator[bytes, None, None]:
    """POST the body and yield the pieces of the stream, the last one too. Raises ProviderError.

    The answer may be a whole one: then the only piece is a WholeAnswer.
    """
    with _translated(call, _BROKE_OFF), _answered(session, call, target, body) as response:
        yield from pieces_of(call, response, framing)


@contextmanager
def _answered(
    session: requests.Session, call: ProviderCall, target: Target, body: bytes | Body
) -> Iterator[requests.Response]:
    """Give the answer, if it is a success; close its connection if the block does not end well."""
    begin_share(call.provider.name)
    try:
        response = _post(session, call, target, body)
    except requests.Timeout as exc:
        raise unreachable(call, "did not answer in time", HTTPStatus.GATEWAY_TIMEOUT) from exc
    except requests.RequestException as exc:
        raise unreachable(call, f"could not be reached{why(exc)}", HTTPStatus.BAD_GATEWAY) from exc
    with response:
        if not HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise error_of(call, response, target.read_error)
        yield response


@contextmanager
def _translated(call: ProviderCall, broken: str) -> Iterator[None]:
    """Translate what can happen while a body is read: it stands still, is cut, or is too long."""
    try:
        yield
    except requests.Timeout as exc:
        raise _cut(call, "did not answer in time", HTTPStatus.GATEWAY_TIMEOUT) from exc
    except EventTooLarge as exc:
        raise too_large(call) from exc
    except (requests.RequestException, HTTPError) as exc:
        raise _cut(call, broken, HTTPStatus.BAD_GATEWAY) from exc


def _cut(call: ProviderCall, what: str, status: HTTPStatus) -> EndedWithoutDone:
    """Return the error of an answer that ended as none should; it may be whole all the same."""
    return EndedWithoutDone(unreachable(call, what, status).failure, transient=True)


def pieces_of(
    call: ProviderCall, response: requests.Response, framing: Framing
) -> Generator[bytes, None, None]:
    """Yield the pieces of a stream's answer, as `stream` does, of one that is `answered`."""
    body = pieces(call, response)
    beginning = _beginning(body)
    parser = _parser(call, response, framing, beginning)
    read = itertools.chain([beginning], body)
    if parser is None:
        yield WholeAnswer(collected(call, response, read))
        return
    try:
        for piece in _parsed(parser, read):
            yield piece
            if framing.is_last(piece):
                _read_to_end(response)
                return
    except (requests.RequestException, HTTPError):
        yield from _rest(parser, framing)
        raise
    yield from _rest(parser, framing)
    raise _cut(call, _BROKE_OFF, HTTPStatus.BAD_GATEWAY)


def _parsed(parser: Parser, read: Iterable[bytes]) -> Generator[bytes, None, None]:
    mine = share()
    for data in read:
        for piece in parser.feed(data):
            if len(piece) > LONGEST_WORD or not is_blank(piece):
                yield piece
            mine.give_way()


def _rest(parser: Parser, framing: Framing) -> Generator[bytes, None, None]:
    """Yield the last piece if it is whole, although nothing says that it ends."""
    for piece in parser.finish():
        if framing.is_last(piece) or _is_json(piece):
            yield piece


def _beginning(body: Iterator[bytes]) -> bytes:
    """Return the first bytes, up to one that says something, without a byte order mark."""
    read = b""
    for data in body:
        read = bare((read + data).lstrip())
        if read and not any(known.startswith(read) for known in (BOM, *_DOUBLED)):
            break
    return read


def _parser(
    call: ProviderCall, response: requests.Response, framing: Framing, beginning: bytes
) -> Parser | None:
    """Return what cuts this body into pieces, by how it begins; None if it is a whole answer."""
    first = beginning.lstrip()[:1]
    if framing.is_lines and first == b"{" and not _is_indented(beginning):
        return framing.parser()
    if first in (b"{", b"["):
        return None
    kind = response.headers.get("Content-Type", "").lower()
    if first in _FIELDS_BEGIN or kind.startswith("text/event-stream"):
        return DoubledParser() if beginning.startswith(_DOUBLED) else EventParser()
    raise unreachable(call, "did not answer with a stream", HTTPStatus.BAD_GATEWAY)


def _is_indented(beginning: bytes) -> bool:
    return beginning.lstrip()[1:].lstrip(b" \t\r").startswith(b"\n")


def _is_json(piece: bytes) -> bool:
    try:
        parse(piece)
    except ValueError:
        return False
    return True


def _read_to_end(response: requests.Response) -> None:
    """Take what is left of an answer, so that its connection can serve the next call."""
    with gevent.Timeout(_END_S, exception=False), contextlib.suppress(HTTPError):
        for _ in range(_MOST_READS):
            if not response.raw.read1(READ_BYTES, decode_content=True):
                return
    response.close()


def _post(
    session: requests.Session, call: ProviderCall, target: Target, body: bytes | Body
) -> requests.Response:
    """Send the body; return the answer. Follows no redirect, keeps no cookie.

    Straight to the adapter: `Session.post` would merge and prepare again for every call what is
    always the same, about 100 µs of CPU, a tenth of a job.
    """
    shared = _prepared(target.url, target.headers, call.headers, call.query, target.method)
    request: Any = PreparedRequest.__new__(PreparedRequest)
    vars(request).update(vars(shared), headers=dict(shared.headers))
    if target.method == "POST":
        request.headers["Content-Length"] = str(len(body))
        request.body = body
    adapter = session.get_adapter(request.url)
    limits: Any = _limits(call.connect_timeout_s, call.timeout_s)
    return adapter.send(request, timeout=limits, stream=True, **call.egress.options)


@lru_cache(maxsize=1000)
def _limits(connect_s: float, read_s: float) -> Timeout:
    return Timeout(connect=connect_s, read=read_s)


@lru_cache(maxsize=1000)
def _prepared(
    url: str, headers: Pairs, own: Pairs, query: Pairs, method: str
) -> requests.PreparedRequest:
    """Return the part of a request that all calls of a provider share; its own headers win."""
    ours = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": "ReplyTo/0.1",
    }
    # Names in any casing are one header: the last one wins.
    merged = CaseInsensitiveDict([*ours.items(), *headers, *own])
    request: Any = requests.Request(method, url, headers=merged, params=dict(query)).prepare()
    # Each name is there once, as it is to be sent: a plain dictionary will do, and costs less.
    request.headers = dict(request.headers.items())
    return request  # type: ignore[no-any-return]
