"""What a failed call of a provider means, and how its client is told: in OpenAI's form.

`Naming` is where dialects differ: which member of an error is OpenAI's `code`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.plain_text import one_line
from shared.errors import Failure
from shared.jobs.job import failure_body
from workers.providers.base import Blame, ProviderCall, ProviderError
from workers.providers.blame import (
    CONTEXT_LENGTH_EXCEEDED,
    blame_of,
    is_too_long,
    is_transient,
)
from workers.providers.error_body import error_body, page_title
from workers.providers.redaction import cleaned, redactor, secrets_of
from workers.providers.told_errors import Told
from workers.retry_after import retry_after_s, told_wait_s

__all__ = ["ErrorReader", "error_of", "error_told", "is_transient", "type_of", "unreachable"]

Json = dict[str, Any]
#: Puts what an API calls its error into the members where OpenAI has it.
ErrorReader = Callable[[Told], Told]

_SERVER_ERROR: Final = 500
_KNOWN: Final = frozenset(status.value for status in HTTPStatus)
#: Statuses of errors that are told with a status of their own; others become one of these.
_CLIENTS: Final = range(400, 600)
#: Most bytes of an error's further members that are passed on.
_MOST_MORE: Final = 16_384
#: Longest address that is named (characters).
_LONGEST_TARGET: Final = 300


def error_of(
    call: ProviderCall, response: requests.Response, read_error: ErrorReader | None = None
) -> ProviderError:
    """Say what an answer other than 200 means. Reads its body, bounded."""
    status = response.status_code
    if status in (301, 302, 303, 307, 308):
        return _redirected(call, response)
    body = error_body(response)
    told = read_error(body.told) if read_error else body.told
    return error_told(
        call,
        status,
        told,
        is_page=body.is_page,
        retry_after_s=retry_after_s(response),
        asked=_shown(response.url or ""),
    )


def error_told(
    call: ProviderCall,
    status: int,
    told: Told,
    *,
    is_page: bool = False,
    retry_after_s: float | None = None,
    asked: str = "",
) -> ProviderError:
    """Say what an error means that was told with this status, be it that of HTTP or its own.

    `asked`: the address, without what may be secret; it is told where settings may be wrong.
    """
    told = _cleaned(call, told)
    blame = blame_of(status, told, call.body, is_page=is_page)
    if blame is Blame.KEY:
        return _key_refused(call, status, told)
    at = redactor(secrets_of(call))(f" at {asked}") if asked and _tells_address(blame) else ""
    failure = _failure(call, status, told, is_page=is_page, at=at)
    return ProviderError(
        failure,
        transient=is_transient(status),
        status=status,
        retry_after_s=told_wait_s(told.more) if retry_after_s is None else retry_after_s,
        body=None if told.is_silent or is_page else _body(told, failure),
        blame=blame,
    )


def _key_refused(call: ProviderCall, status: int, told: Told) -> ProviderError:
    """Return what the client is told of a refused key: that it can do nothing about it."""
    message = f"Provider '{call.provider.name}' refused the gateway's credentials ({status})."
    failure = Failure(502, "server_error", "provider_credentials", message)
    words = _missing_key(call) or told.message
    return ProviderError(failure, transient=False, status=status, blame=Blame.KEY, words=words)


def _missing_key(call: ProviderCall) -> str:
    """Return which variable would have held the key that was not sent, for the operator."""
    named = call.provider.api_key_env
    return "" if call.api_key or not named else f"no key was sent, for {named} is not set here"


def _redirected(call: ProviderCall, response: requests.Response) -> ProviderError:
    """Name where an address has moved to: that is for the operator to follow, never for a key."""
    asked, location = response.url or "", response.headers.get("Location") or ""
    target = _shown(asked, location) if location else ""
    status = response.status_code
    to = f" to {target}" if target else ""
    message = (
        f"Provider '{call.provider.name}' redirects{to} ({status}) at {_shown(asked)}; "
        "its base_url must name the place that answers."
    )
    redacted = redactor(secrets_of(call))
    failure = Failure(
        502, "server_error", "provider_redirected", one_line(redacted(message)), "BadGateway"
    )
    return ProviderError(failure, transient=False, status=status, blame=Blame.SETTINGS)


def _tells_address(blame: Blame) -> bool:
    """Whether what is wrong may be the address, which is in the operator's settings."""
    return blame in (Blame.SETTINGS, Blame.FORBIDDEN)


def _shown(asked: str, location: str = "") -> str:
    """Return an address, or where it redirects to, without what may be secret in it.

    That is user, password and query.
    """
    try:
        # A header comes as Latin-1, whatever it was written in.
        parts = urlsplit(
            urljoin(asked, location.encode("latin-1", "replace").decode("utf-8", "replace"))
        )
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    return one_line(f"{parts.scheme}://{host}{parts.path}")[:_LONGEST_TARGET] if host else ""


def _cleaned(call: ProviderCall, told: Told) -> Told:
    redacted = redactor(secrets_of(call))

    def clean(text: str) -> str:
        return str(cleaned(text, redacted))

    return Told(
        message=clean(told.message),
        type=clean(told.type),
        param=None if told.param is None else clean(told.param),
        code=None if told.code is None else clean(told.code),
        more=cleaned(dict(told.more), redacted),
    )


def _failure(call: ProviderCall, status: int, told: Told, *, is_page: bool, at: str) -> Failure:
    said = told.message or told.code or told.type
    name = f"Provider '{call.provider.name}' answered {status}{at}"
    if is_page or not said:
        message = f"{name} with a page: {said}" if said else f"{name}."
    else:
        message = said
    return Failure(
        status=_client_status(status),
        type=told.type or type_of(status),
        code=CONTEXT_LENGTH_EXCEEDED if is_too_long(status, told) else told.code,
        message=message,
        error_code=HTTPStatus(status).phrase.replace(" ", "") if status in _KNOWN else "Error",
        param=told.param,
    )


def _client_status(status: int) -> int:
    """Return the status that the client gets: the provider's, if HTTP knows it as an error."""
    if status not in _CLIENTS:
        # A redirect or another success is no answer that a client could use.
        return 502
    return 503 if status > _SERVER_ERROR and status not in _KNOWN else status


def type_of(status: int) -> str:
    """Return OpenAI's `error.type` for a status."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate_limit_exceeded"
    client_fault = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return "invalid_request_error" if client_fault else "server_error"


def _body(told: Told, failure: Failure) -> bytes:
    """Return both forms of the error, the provider's further members beside OpenAI's four."""
    ours = json.loads(failure_body(failure))
    ours["error"] = {**_more(told.more), **ours["error"]}
    return to_json_bytes(ours)


def _more(members: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return them if they are not too much to pass on."""
    try:
        return members if len(to_json_bytes(members)) <= _MOST_MORE else {}
    except (ValueError, RecursionError):
        return {}


def named_by_type(told: Told) -> Told:
    """Return an error of an API whose types are what OpenAI calls codes."""
    return replace(told, code=told.type or told.code, type="")


def unreadable(call: ProviderCall, body: bytes, what: str) -> ProviderError:
    """Return the error of an answer that cannot be read: a page is named, as of who stands before.

    Anything else is `what`.
    """
    title = one_line(redactor(secrets_of(call))(page_title(body)))
    return unreachable(call, f"answered with a page: {title}" if title else what, 502)


def unreachable(call: ProviderCall, what: str, status: int) -> ProviderError:
    """Return the error of a provider that did not answer as one; another try may follow."""
    message = f"Provider '{call.provider.name}' {what}."
    return ProviderError(
        # A plain number: Redis takes no enum, and the failure could never be stored.
        Failure(int(status), "server_error", "provider_unavailable", message),
        transient=True,
    )
