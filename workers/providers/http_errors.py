"""What a failed call of a provider means: try again, the operator's, or the client's fault.

`ErrorReader` is where dialects differ: how their API tells an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import requests

from shared.errors import Failure
from shared.job import failure_body
from shared.json_bytes import to_json_bytes
from workers.providers.base import ProviderCall, ProviderError
from workers.retry_after import retry_after_s

Json = dict[str, Any]
#: Reads the `error` object of an answer, in OpenAI's form; None when there is none.
ErrorReader = Callable[[requests.Response], Json | None]

#: Statuses that another try may cure (OpenAI's SDK retries the same).
_TRANSIENT: Final = frozenset((408, 409, 429))
#: The gateway's own credentials are wrong: the client can do nothing about it.
_CREDENTIALS: Final = frozenset((401, 403))
_SERVER_ERROR: Final = 500
_KNOWN: Final = frozenset(status.value for status in HTTPStatus)


def error_of(
    call: ProviderCall, response: requests.Response, read_error: ErrorReader | None = None
) -> ProviderError:
    """Say what an answer other than 200 means: try again, the operator's, or the client's fault."""
    status = response.status_code
    if status in _CREDENTIALS:
        # Not passed on: it speaks of the gateway's key, and may quote it.
        message = f"Provider '{call.provider.name}' refused the gateway's credentials ({status})."
        failure = Failure(502, "server_error", "provider_credentials", message)
        return ProviderError(failure, transient=False, status=status)
    body = _error_body(response, read_error)
    failure = _failure(call, status, body)
    return ProviderError(
        failure,
        transient=is_transient(status),
        status=status,
        retry_after_s=retry_after_s(response),
        body=_with_response_status(body, failure) if body else None,
    )


def is_transient(status: int) -> bool:
    """Whether another try may cure this status."""
    return status in _TRANSIENT or status >= _SERVER_ERROR


def json_object(response: requests.Response) -> Json:
    """Return the answer's JSON object; an empty one when it is none."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _error_body(response: requests.Response, read_error: ErrorReader | None) -> Json:
    if read_error is not None:
        error = read_error(response)
        return {"error": error} if error else {}
    body = json_object(response)
    return body if isinstance(body.get("error"), dict) else {}


def _failure(call: ProviderCall, status: int, body: Json) -> Failure:
    error = body.get("error", {})
    message = error.get("message")
    return Failure(
        status=_client_status(status),
        type=str(error.get("type") or type_of(status)),
        code=str(error["code"]) if error.get("code") is not None else None,
        message=str(message or f"Provider '{call.provider.name}' answered {status}."),
        error_code=HTTPStatus(status).phrase.replace(" ", "") if status in _KNOWN else "Error",
        param=error["param"] if isinstance(error.get("param"), str) else None,
    )


def _client_status(status: int) -> int:
    """Return the status that the client gets: the provider's, if HTTP knows it as an error."""
    if status < HTTPStatus.BAD_REQUEST:
        # A redirect or another success is no answer that a client could use.
        return 502
    return 503 if status > _SERVER_ERROR and status not in _KNOWN else status


def type_of(status: int) -> str:
    """Return OpenAI's `error.type` for a status."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate_limit_exceeded"
    client_fault = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return "invalid_request_error" if client_fault else "server_error"


def _with_response_status(body: Json, failure: Failure) -> bytes:
    """Return the provider's error as it is, with ServiceStack's form of it beside it."""
    ours = json.loads(failure_body(failure))["responseStatus"]
    return to_json_bytes({**body, "responseStatus": ours})


def unreachable(call: ProviderCall, what: str, status: int) -> ProviderError:
    """Return the error of a provider that did not answer as one; another try may follow."""
    message = f"Provider '{call.provider.name}' {what}."
    return ProviderError(
        # A plain number: Redis takes no enum, and the failure could never be stored.
        Failure(int(status), "server_error", "provider_unavailable", message),
        transient=True,
    )
