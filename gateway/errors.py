"""Answers every failure with the one error body of both wires; the only map of errors to HTTP."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Final

from flask import Flask, Response, current_app, request
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.exceptions import MethodNotAllowed as WrongMethod
from werkzeug.routing import Map

from gateway.base_url import base_url
from gateway.http import wrong_path
from gateway.http.content_coding import ACCEPTED
from gateway.http.response import JsonResponse
from gateway.services import services
from shared import errors
from shared.dtos import catalog
from shared.errors import Failure, ServiceError
from shared.jobs.job import failure_body
from shared.named_error import named
from shared.store.refusals import ValueTooLarge, is_outage
from shared.telemetry.counters import Count

log = logging.getLogger(__name__)

#: Paths of Ollama's own API.
_OLLAMA: Final = frozenset(
    path
    for one in catalog.CATALOG
    for path in one.paths
    if one.name.startswith("Ollama") and path.startswith("/api/") and path.islower()
)
#: Most characters of a path that is told back.
_SHOWN: Final = 300
_COUNTED: Final[dict[type[ServiceError], Count]] = {
    errors.QueueFull: Count.REFUSED_QUEUE_FULL,
    errors.OwnerQueueFull: Count.REFUSED_OWNER_QUEUE_FULL,
    errors.OwnerBytesFull: Count.REFUSED_OWNER_QUEUE_BYTES,
    errors.TooManyWaiting: Count.REFUSED_SYNC_LIMIT,
    errors.BodyTooLarge: Count.REFUSED_BODY_TOO_LARGE,
    errors.RateLimitExceeded: Count.REFUSED_KEY_LIMIT,
    errors.TokenRateExceeded: Count.REFUSED_KEY_LIMIT,
    errors.TooManyJobs: Count.REFUSED_KEY_LIMIT,
    errors.TooManyQueued: Count.REFUSED_KEY_LIMIT,
    errors.InsufficientQuota: Count.REFUSED_KEY_LIMIT,
}


def register(app: Flask) -> None:
    """Make the app answer all errors this way."""
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Response:
    """Return the response for any exception that left a view."""
    service_error = _translate(error)
    count = _COUNTED.get(type(service_error))
    if count is not None:
        services().counters.add(count)
    response = JsonResponse(_body(service_error), service_error.status)
    if service_error.retry_after_s is not None:
        response.headers["Retry-After"] = str(service_error.retry_after_s)
    if isinstance(service_error, errors.InsufficientQuota):
        # Every 429 is repeated by OpenAI's SDK, and this one can only fail again.
        response.headers["x-should-retry"] = "false"
    if isinstance(error, WrongMethod) and error.valid_methods:
        response.headers["Allow"] = ", ".join(error.valid_methods)
    if isinstance(service_error, errors.ContentCodingNotSupported):
        response.headers["Accept-Encoding"] = ", ".join(ACCEPTED)
    if isinstance(service_error, errors.Unauthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _body(error: ServiceError) -> bytes:
    failure = as_failure(error)
    if request.path in _OLLAMA:
        # Its clients show what stands there as a text.
        return failure_body(failure, error=failure.message)
    return failure_body(failure)


def _translate(error: Exception) -> ServiceError:  # noqa: PLR0911 - a table reads best as one
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, ValueTooLarge):
        return errors.BodyTooLarge("The request is larger than the ledger can keep.")
    if isinstance(error, RedisError) and is_outage(error):
        log.warning("ledger not reachable: %s", named(error))
        return errors.LedgerUnavailable(retry_after_s=2)
    if isinstance(error, NotFound):
        return errors.RouteNotFound(_no_endpoint())
    if isinstance(error, WrongMethod):
        return errors.MethodNotAllowed(
            f"{request.path} does not take {request.method}; "
            f"it takes {', '.join(error.valid_methods or ())}."
        )
    if isinstance(error, RequestEntityTooLarge):
        return errors.BodyTooLarge(_too_large())
    if isinstance(error, HTTPException) and error.code and error.code < 500:  # noqa: PLR2004
        bad = errors.ValidationFailed(error.description or error.name)
        bad.status = error.code
        return bad
    log.error("unexpected error in %s %s", request.method, request.path, exc_info=error)
    return ServiceError("The gateway failed on this request; its log says why.")


def _no_endpoint() -> str:
    told = f"There is no endpoint {request.method} {request.path[:_SHOWN]}"
    if found := wrong_path.meant(request.path, _is_there):
        return f"{told}; {wrong_path.advice(found, base_url(services().settings))}."
    if found := wrong_path.alike(request.path, _dto_names(), _is_there):
        return f"{told}; did you mean {found}?"
    if request.path != "/v1" and not request.path.startswith("/v1/"):
        return f"{told}."
    return f"{told}: of OpenAI's API this gateway offers {_offered(current_app.url_map)}."


def _is_there(path: str) -> bool:
    """Whether something that is no page answers at this path, by the method of the request."""
    try:
        rule, _ = current_app.url_map.bind("").match(path, request.method, return_rule=True)
    except HTTPException:
        return False
    return not rule.arguments or rule.rule.startswith("/v1/")


@lru_cache(maxsize=1)
def _dto_names() -> tuple[str, ...]:
    return tuple(one.request.__name__ for one in catalog.CATALOG if one.is_dto)


@lru_cache(maxsize=1)
def _offered(routes: Map) -> str:
    """Return the parts of OpenAI's API that there are, such as `chat/completions`."""
    paths = {rule.rule.split("<")[0].strip("/") for rule in routes.iter_rules()}
    return ", ".join(sorted(p.removeprefix("v1/") for p in paths if p.startswith("v1/")))


def _too_large() -> str:
    limit = request.max_content_length
    return f"The request body is larger than the {limit} bytes this gateway takes."


def as_failure(error: ServiceError) -> Failure:
    """Return what the one error body is made of."""
    return Failure(
        status=error.status,
        type=error.type,
        code=error.code,
        message=error.message,
        error_code=error.error_code,
        param=error.field,
    )
