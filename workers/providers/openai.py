"""The OpenAI dialect: anything that speaks its API, each operation at its own path."""

from __future__ import annotations

import json
from collections.abc import Generator
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

import gevent
import requests
from urllib3.exceptions import HTTPError

from shared import response_events
from shared.errors import Failure
from shared.job import failure_body
from shared.json_bytes import to_json_bytes
from shared.operation import OPERATIONS_BY_TYPE, Operation
from shared.sse import EventParser, EventTooLarge
from workers.providers.base import EndedWithoutDone, ProviderCall, ProviderError
from workers.retry_after import retry_after_s

#: Where each operation is asked, under the base URL.
_PATHS: Final = {
    Operation.CHAT: "chat/completions",
    Operation.COMPLETION: "completions",
    Operation.EMBEDDING: "embeddings",
    Operation.RESPONSE: "responses",
}
#: Statuses that another try may cure (OpenAI's SDK retries the same).
_TRANSIENT: Final = frozenset((408, 409, 429))
#: The gateway's own credentials are wrong: the client can do nothing about it.
_CREDENTIALS: Final = frozenset((401, 403))
_SERVER_ERROR: Final = 500
#: Most bytes of a stream taken at once.
_READ_BYTES: Final = 65_536
#: What ends a stream that is whole.
_DONE: Final = b"[DONE]"
#: How long the answer may take to end after that (seconds), or its connection is closed.
_END_S: Final = 0.05


class OpenAiDialect:
    """Passes request and response through byte for byte."""

    operations = OPERATIONS_BY_TYPE["openai"]

    def ask(self, session: requests.Session, call: ProviderCall) -> bytes:
        """POST the body and return the response's bytes. Raises ProviderError."""
        try:
            response, body = _send(session, call)
        except requests.Timeout as exc:
            raise _unreachable(call, "did not answer in time", 504) from exc
        except requests.RequestException as exc:
            raise _unreachable(call, "could not be reached", 502) from exc
        if response.status_code != HTTPStatus.OK:
            raise error_of(call, response)
        return _checked(call, body)

    def stream(self, session: requests.Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """POST the body and yield the data of the events that come back. Raises ProviderError."""
        try:
            yield from _events(session, call)
        except requests.Timeout as exc:
            raise _unreachable(call, "did not answer in time", HTTPStatus.GATEWAY_TIMEOUT) from exc
        except (requests.RequestException, HTTPError, EventTooLarge) as exc:
            raise _unreachable(call, "broke off its stream", HTTPStatus.BAD_GATEWAY) from exc


def _events(session: requests.Session, call: ProviderCall) -> Generator[bytes, None, None]:
    response = _post(session, call, stream=True)
    with response:
        if response.status_code != HTTPStatus.OK:
            raise error_of(call, response)
        if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
            raise _unreachable(call, "did not answer with a stream", HTTPStatus.BAD_GATEWAY)
        parser = EventParser()
        # What has come is passed on at once: `read1` waits for no more than is there.
        while data := response.raw.read1(_READ_BYTES, decode_content=True):
            for event in parser.feed(data):
                is_done = event.strip() == _DONE
                if not is_done:
                    yield event
                if is_done or _ends(call, event):
                    _read_to_end(response)
                    return
    broken = _unreachable(call, "broke off its stream", HTTPStatus.BAD_GATEWAY)
    raise EndedWithoutDone(broken.failure, transient=True)


def _ends(call: ProviderCall, event: bytes) -> bool:
    """Whether a stream of responses ends here: it has no [DONE]."""
    return call.operation is Operation.RESPONSE and response_events.is_last(event)


def _read_to_end(response: requests.Response) -> None:
    """Take what is left of an answer, so that its connection can serve the next call."""
    with gevent.Timeout(_END_S, exception=False):
        while response.raw.read1(_READ_BYTES):
            pass


def _send(session: requests.Session, call: ProviderCall) -> tuple[requests.Response, bytes]:
    """POST the body; return the answer and all its bytes."""
    response = _post(session, call, stream=False)
    # Read here, where errors are translated: an answer can break off in the middle.
    return response, response.content


def _post(session: requests.Session, call: ProviderCall, *, stream: bool) -> requests.Response:
    """POST the body; return the answer. Follows no redirect, keeps no cookie.

    Straight to the adapter: `Session.post` would merge and prepare again for every call what is
    always the same, about 100 µs of CPU, a tenth of a job.
    """
    request = _prepared(call.provider.endpoint(_PATHS[call.operation]), call.api_key).copy()
    request.headers["Content-Length"] = str(len(call.body))
    request.body = call.body
    adapter = session.get_adapter(str(request.url))
    timeout = (call.connect_timeout_s, call.timeout_s)
    return adapter.send(request, timeout=timeout, stream=stream)


@lru_cache(maxsize=1000)
def _prepared(url: str, api_key: str | None) -> requests.PreparedRequest:
    """Return the part of a request that all calls of a provider share."""
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": "ReplyTo/0.1",
    }
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    return requests.Request("POST", url, headers=headers).prepare()


def _checked(call: ProviderCall, body: bytes) -> bytes:
    """Return the body if it is a JSON object in UTF-8, which is what callbacks can carry."""
    try:
        if isinstance(json.loads(body.decode("utf-8")), dict):
            return body
    except (ValueError, RecursionError):
        pass
    raise _unreachable(call, "answered with something that is no JSON object", 502)


def error_of(call: ProviderCall, response: requests.Response) -> ProviderError:
    """Say what an answer other than 200 means: try again, the operator's, or the client's fault."""
    status = response.status_code
    if status in _CREDENTIALS:
        # Not passed on: it speaks of the gateway's key, and may quote it.
        message = f"Provider '{call.provider.name}' refused the gateway's credentials ({status})."
        failure = Failure(502, "server_error", "provider_credentials", message)
        return ProviderError(failure, transient=False, status=status)
    body = _json_object(response)
    failure = _failure(call, status, body)
    return ProviderError(
        failure,
        transient=status in _TRANSIENT or status >= _SERVER_ERROR,
        status=status,
        retry_after_s=retry_after_s(response),
        body=_with_response_status(body, failure) if body else None,
    )


def _json_object(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) and isinstance(body.get("error"), dict) else {}


def _failure(call: ProviderCall, status: int, body: dict[str, Any]) -> Failure:
    error = body.get("error", {})
    message = error.get("message")
    return Failure(
        # A redirect or another success is no answer that a client could use.
        status=status if status >= HTTPStatus.BAD_REQUEST else 502,
        type=str(error.get("type") or _type_of(status)),
        code=str(error["code"]) if error.get("code") is not None else None,
        message=str(message or f"Provider '{call.provider.name}' answered {status}."),
        error_code=HTTPStatus(status).phrase.replace(" ", "") if status in _KNOWN else "Error",
        param=error["param"] if isinstance(error.get("param"), str) else None,
    )


_KNOWN: Final = frozenset(status.value for status in HTTPStatus)


def _type_of(status: int) -> str:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate_limit_exceeded"
    client_fault = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return "invalid_request_error" if client_fault else "server_error"


def _with_response_status(body: dict[str, Any], failure: Failure) -> bytes:
    """Return the provider's error as it is, with ServiceStack's form of it beside it."""
    ours = json.loads(failure_body(failure))["responseStatus"]
    return to_json_bytes({**body, "responseStatus": ours})


def _unreachable(call: ProviderCall, what: str, status: int) -> ProviderError:
    message = f"Provider '{call.provider.name}' {what}."
    return ProviderError(
        # A plain number: Redis takes no enum, and the failure could never be stored.
        Failure(int(status), "server_error", "provider_unavailable", message),
        transient=True,
    )
