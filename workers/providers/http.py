"""The HTTP that all dialects share: one POST, its answer read and judged.

What differs is handed in: where to (`Target`), how an error is told (`ErrorReader`), and how a
stream is cut into pieces and ends (`Framing`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Final, Protocol

import gevent
import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from shared.sse import EventParser, EventTooLarge
from workers.providers.base import EndedWithoutDone, ProviderCall
from workers.providers.http_errors import ErrorReader, error_of, unreachable
from workers.providers.no_connection import why

Pairs = tuple[tuple[str, str], ...]

#: Most bytes of a stream taken at once.
_READ_BYTES: Final = 65_536
#: How long the answer may take to end after its last piece (seconds), or its connection is closed.
_END_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Target:
    """Where to POST. `headers` are those that the dialect adds, credentials included."""

    url: str
    headers: Pairs = ()
    #: How errors are told there; None for OpenAI's way, which is passed on as it is.
    read_error: ErrorReader | None = None


class Parser(Protocol):
    """Cuts a stream's bytes, in whatever pieces they arrive, into its events or lines."""

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Return what these bytes complete. Raises EventTooLarge."""
        ...


@dataclass(frozen=True, slots=True)
class Framing:
    """How a stream is cut: its content type, its parser, and which piece is its last."""

    content_type: str
    parser: Callable[[], Parser]
    is_last: Callable[[bytes], bool]


def events(is_last: Callable[[bytes], bool]) -> Framing:
    """Return the framing of server-sent events."""
    return Framing("text/event-stream", EventParser, is_last)


def ask(session: requests.Session, call: ProviderCall, target: Target, body: bytes) -> bytes:
    """POST the body and return the response, a JSON object. Raises ProviderError."""
    try:
        response = _post(session, call, target, body, stream=False)
        # Read here, where errors are translated: an answer can break off in the middle.
        answer = response.content
    except requests.Timeout as exc:
        raise unreachable(call, "did not answer in time", 504) from exc
    except requests.RequestException as exc:
        raise unreachable(call, f"could not be reached{why(exc)}", 502) from exc
    if response.status_code != HTTPStatus.OK:
        raise error_of(call, response, target.read_error)
    return _checked(call, answer)


def stream(
    session: requests.Session,
    call: ProviderCall,
    target: Target,
    body: bytes,
    framing: Framing,
) -> Generator[bytes, None, None]:
    """POST the body and yield the pieces of the stream, the last one too. Raises ProviderError."""
    try:
        response = _post(session, call, target, body, stream=True)
        with response:
            if response.status_code != HTTPStatus.OK:
                raise error_of(call, response, target.read_error)
            if not response.headers.get("Content-Type", "").startswith(framing.content_type):
                raise unreachable(call, "did not answer with a stream", HTTPStatus.BAD_GATEWAY)
            yield from _pieces(call, response, framing)
    except requests.Timeout as exc:
        raise unreachable(call, "did not answer in time", HTTPStatus.GATEWAY_TIMEOUT) from exc
    except (requests.exceptions.ProxyError, requests.exceptions.SSLError) as exc:
        raise unreachable(call, f"could not be reached{why(exc)}", 502) from exc
    except (requests.RequestException, HTTPError, EventTooLarge) as exc:
        raise unreachable(call, "broke off its stream", HTTPStatus.BAD_GATEWAY) from exc


def _pieces(
    call: ProviderCall, response: requests.Response, framing: Framing
) -> Generator[bytes, None, None]:
    parser = framing.parser()
    # What has come is passed on at once: `read1` waits for no more than is there.
    while data := response.raw.read1(_READ_BYTES, decode_content=True):
        for piece in parser.feed(data):
            yield piece
            if framing.is_last(piece):
                _read_to_end(response)
                return
    broken = unreachable(call, "broke off its stream", HTTPStatus.BAD_GATEWAY)
    raise EndedWithoutDone(broken.failure, transient=True)


def _read_to_end(response: requests.Response) -> None:
    """Take what is left of an answer, so that its connection can serve the next call."""
    with gevent.Timeout(_END_S, exception=False):
        while response.raw.read1(_READ_BYTES):
            pass


def _post(
    session: requests.Session, call: ProviderCall, target: Target, body: bytes, *, stream: bool
) -> requests.Response:
    """POST the body; return the answer. Follows no redirect, keeps no cookie.

    Straight to the adapter: `Session.post` would merge and prepare again for every call what is
    always the same, about 100 µs of CPU, a tenth of a job.
    """
    request = _prepared(target.url, target.headers, call.headers, call.query).copy()
    request.headers["Content-Length"] = str(len(body))
    request.body = body
    adapter = session.get_adapter(str(request.url))
    timeout = (call.connect_timeout_s, call.timeout_s)
    return adapter.send(request, timeout=timeout, stream=stream, **call.egress.options)


@lru_cache(maxsize=1000)
def _prepared(url: str, headers: Pairs, own: Pairs, query: Pairs) -> requests.PreparedRequest:
    """Return the part of a request that all calls of a provider share; its own headers win."""
    ours = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": "ReplyTo/0.1",
    }
    # Names in any casing are one header: the last one wins.
    merged = CaseInsensitiveDict([*ours.items(), *headers, *own])
    return requests.Request("POST", url, headers=merged, params=dict(query)).prepare()


def _checked(call: ProviderCall, body: bytes) -> bytes:
    """Return the body if it is a JSON object in UTF-8, which is what callbacks can carry."""
    try:
        if isinstance(json.loads(body.decode("utf-8")), dict):
            return body
    except (ValueError, RecursionError):
        pass
    raise unreachable(call, "answered with something that is no JSON object", 502)
