"""The error root of the service: every failure a client can see, with its status, type and code.

A subclass is named for what happened; its docstring is its default message. `gateway/error_body.py`
maps these to HTTP; workers store them in a job as `Failure`.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from http import HTTPStatus


class ServiceError(Exception):
    """The request could not be served."""

    #: HTTP status code of the answer.
    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    #: OpenAI's `error.type`.
    type: str = "server_error"
    #: OpenAI's `error.code`.
    code: str | None = "internal_error"
    #: ServiceStack's `responseStatus.errorCode`.
    error_code: str = "InternalServerError"

    def __init__(
        self,
        message: str | None = None,
        *,
        field: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        self.message = message or inspect.cleandoc(type(self).__doc__ or "").split("\n")[0]
        self.field = field
        self.retry_after_s = retry_after_s
        super().__init__(self.message)


class ValidationFailed(ServiceError):
    """The request is not valid."""

    status = HTTPStatus.BAD_REQUEST
    type = "invalid_request_error"
    code = "invalid_value"
    error_code = "ArgumentException"


class MalformedJson(ValidationFailed):
    """The body is not valid JSON."""

    code = "invalid_json"


class RefIdConflict(ServiceError):
    """This RefId was used before with a different request; use a new RefId."""

    # 422, not 409: OpenAI's SDK retries a 409, and this one can never succeed.
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    type = "invalid_request_error"
    code = "ref_id_conflict"
    error_code = "RefIdConflict"


class CallbackTargetRefused(ServiceError):
    """The ReplyTo URL is not one that callbacks may be sent to."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    type = "invalid_request_error"
    code = "callback_target_refused"
    error_code = "CallbackTargetRefused"


class Unauthenticated(ServiceError):
    """No API key was given: send it as 'Authorization: Bearer <key>' or 'X-Api-Key: <key>'."""

    status = HTTPStatus.UNAUTHORIZED
    type = "invalid_request_error"
    code = "missing_api_key"
    error_code = "Unauthorized"


class InvalidApiKey(Unauthenticated):
    """The API key is not valid."""

    code = "invalid_api_key"


class Forbidden(ServiceError):
    """This key may not do that."""

    status = HTTPStatus.FORBIDDEN
    type = "invalid_request_error"
    code = "forbidden"
    error_code = "Forbidden"


class ModelNotFound(ServiceError):
    """The model does not exist; GET /v1/models lists those that do."""

    status = HTTPStatus.NOT_FOUND
    type = "invalid_request_error"
    code = "model_not_found"
    error_code = "NotFound"


class ProviderNotFound(ServiceError):
    """The provider does not exist or does not have this model."""

    status = HTTPStatus.NOT_FOUND
    type = "invalid_request_error"
    code = "provider_not_found"
    error_code = "NotFound"


class JobNotFound(ServiceError):
    """No such job."""

    status = HTTPStatus.NOT_FOUND
    type = "invalid_request_error"
    code = "job_not_found"
    error_code = "NotFound"


class RouteNotFound(ServiceError):
    """There is no such endpoint."""

    status = HTTPStatus.NOT_FOUND
    type = "invalid_request_error"
    code = "unknown_url"
    error_code = "NotFound"


class MethodNotAllowed(ServiceError):
    """This endpoint does not take that HTTP method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    type = "invalid_request_error"
    code = "method_not_allowed"
    error_code = "MethodNotAllowed"


class BodyTooLarge(ServiceError):
    """The request body is too large."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    type = "invalid_request_error"
    code = "body_too_large"
    error_code = "RequestEntityTooLarge"


class QueueFull(ServiceError):
    """The queue of this model is full; try again later."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    type = "rate_limit_exceeded"
    code = "queue_full"
    error_code = "TooManyRequests"


class LedgerUnavailable(ServiceError):
    """The service cannot reach its store at the moment; nothing was accepted, try again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    type = "server_error"
    code = "store_unavailable"
    error_code = "ServiceUnavailable"


class WaitTimedOut(ServiceError):
    """The job has not ended in the time this call may wait; ask for its status."""

    status = HTTPStatus.GATEWAY_TIMEOUT
    type = "server_error"
    code = "wait_timed_out"
    error_code = "Timeout"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job did not get an answer, as it is stored in the job and told to its client.

    `status` is the HTTP status that a waiting client gets.
    """

    status: int
    type: str
    code: str | None
    message: str
    error_code: str = "InternalServerError"
    param: str | None = None
