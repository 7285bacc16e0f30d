"""The HTTP that all dialects share: one POST, its answer read and judged.

What differs is handed in: where to (`Target`), how an error is told (`ErrorReader`), and how a
stream is cut into pieces and ends (`Framing`).
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Generator, Iterable, Iterator
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

from shared.codecs.sse import LONGEST_WORD, EventTooLarge, is_blank
from shared.codecs.strict_json import parse
from shared.turns import begin_share, share
from workers.providers.answers.body import READ_BYTES, collected, pieces, too_large, whole
from workers.providers.answers.framing import Framing, Parser, begun, document_of, parser_of
from workers.providers.base import EndedWithoutDone, ProviderCall
from workers.providers.http_errors import ErrorReader, error_of, unreachable
from workers.providers.no_connection import why

Pairs = tuple[tuple[str, str], ...]

#: How long the answer may take to end after its last piece (seconds), and in how many reads, or
#: its connection is closed.
_END_S: Final = 0.05
_MOST_READS: Final = 16
_BROKE_OFF: Final = "broke off its stream"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to POST, or to GET. `headers` are those that the dialect adds, credentials included."""

    url: str
    headers: Pairs = ()
    #: How errors are told there; None for OpenAI's way, which is passed on as it is.
    read_error: ErrorReader | None = None
    method: str = "POST"


class Body(Protocol):
    """The body of a request that is not whole in memory; given anew each time."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


class WholeAnswer(bytes):
    """The body of an answer that is no stream, although one was asked for."""

    __slots__ = ()


def as_dialled(url: str) -> str:
    """Return a URL of somebody else's as whoever dials reads it. Raises ValueError: it is none.

    What stands before a backslash is a user's name to `urlsplit`, and the host to urllib3: who
    judges one and dials the other asks whom nobody has judged.
    """
    return str(requests.Request("GET", url).prepare().url)


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
    beginning, body = begun(pieces(call, response))
    kind = response.headers.get("Content-Type", "").lower()
    parser = parser_of(framing, beginning, kind)
    if parser is None:
        yield WholeAnswer(collected(call, response, document_of(call, beginning, body)))
        return
    try:
        for piece in _parsed(parser, itertools.chain([beginning], body)):
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
