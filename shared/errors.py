"""The error root of the service: every failure a client can see, with its status, type and code.

A subclass is named for what happened; its docstring is its default message. `gateway/errors.py`
maps these to HTTP; workers store them in a job as `Failure`.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass


class ServiceError(Exception):
    """The request could not be served."""

    #: HTTP status code of the answer.
    status: int = 500
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
        self.message: str = message or inspect.cleandoc(type(self).__doc__ or "").split("\n")[0]
        self.field = field
        self.retry_after_s = retry_after_s
        super().__init__(self.message)


class ValidationFailed(ServiceError):
    """The request is not valid."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_value"
    error_code = "ArgumentException"


class MalformedJson(ValidationFailed):
    """The body is not valid JSON."""

    code = "invalid_json"


class MalformedBody(ValidationFailed):
    """The body does not match its Content-Encoding."""

    code = "invalid_content_encoding"


class ContentCodingNotSupported(ServiceError):
    """This gateway does not decode the body's Content-Encoding."""

    status = 415
    type = "invalid_request_error"
    code = "unsupported_content_encoding"
    error_code = "UnsupportedMediaType"


class TooManyValues(ValidationFailed):
    """The body has more JSON values than this gateway reads."""

    code = "too_many_values"


class TooManyItems(ValidationFailed):
    """The batch has more requests than this gateway takes at once; send several batches."""

    code = "too_many_items"


class RefIdConflict(ServiceError):
    """This RefId was used before with a different request; use a new RefId."""

    # 422, not 409: OpenAI's SDK retries a 409, and this one can never succeed.
    status = 422
    type = "invalid_request_error"
    code = "ref_id_conflict"
    error_code = "RefIdConflict"


class CallbackTargetRefused(ServiceError):
    """Callbacks may not be sent to this ReplyTo URL."""

    status = 422
    type = "invalid_request_error"
    code = "callback_target_refused"
    error_code = "CallbackTargetRefused"


class Unauthenticated(ServiceError):
    """No API key was given: send it as 'Authorization: Bearer <key>' or 'X-Api-Key: <key>'."""

    status = 401
    type = "invalid_request_error"
    code = "missing_api_key"
    error_code = "Unauthorized"


class InvalidApiKey(Unauthenticated):
    """The API key is not valid."""

    code = "invalid_api_key"


class Forbidden(ServiceError):
    """This key may not do that."""

    status = 403
    type = "invalid_request_error"
    code = "forbidden"
    error_code = "Forbidden"


class CsrfFailed(Forbidden):
    """The request came with a session cookie but without its 'x-csrf-token'."""

    code = "csrf_failed"


class ModelNotFound(ServiceError):
    """The model does not exist; GET /v1/models lists those that do."""

    status = 404
    type = "invalid_request_error"
    code = "model_not_found"
    error_code = "NotFound"


class ProviderNotFound(ServiceError):
    """The provider does not exist or does not have this model."""

    status = 404
    type = "invalid_request_error"
    code = "provider_not_found"
    error_code = "NotFound"


class NoProviderOnline(ServiceError):
    """No provider of this model is online at the moment; try again later."""

    status = 503
    type = "server_error"
    code = "no_provider"
    error_code = "ServiceUnavailable"


class ProviderExists(ServiceError):
    """A provider with this name already exists."""

    status = 422
    type = "invalid_request_error"
    code = "provider_exists"
    error_code = "AlreadyExists"


class WorkerNotFound(ServiceError):
    """No such worker; GetWorkerStats lists those that run."""

    status = 404
    type = "invalid_request_error"
    code = "worker_not_found"
    error_code = "NotFound"


class ProbeTimedOut(ServiceError):
    """No worker probed the provider in time; probing needs a completion worker."""

    status = 504
    type = "server_error"
    code = "probe_timed_out"
    error_code = "Timeout"


class OperationNotSupported(ServiceError):
    """No provider of this model supports this operation."""

    status = 400
    type = "invalid_request_error"
    code = "operation_not_supported"
    error_code = "OperationNotSupported"


class LanguageNotFound(ServiceError):
    """There are no typed DTOs in this language."""

    status = 404
    type = "invalid_request_error"
    code = "language_not_found"
    error_code = "NotFound"


class JobNotFound(ServiceError):
    """No such job."""

    status = 404
    type = "invalid_request_error"
    code = "job_not_found"
    error_code = "NotFound"


class ConversationNotFound(ServiceError):
    """No such conversation."""

    status = 404
    type = "invalid_request_error"
    code = "conversation_not_found"
    error_code = "NotFound"


class ConversationChanged(ServiceError):
    """The conversation was saved by another page meanwhile; read it again."""

    status = 409
    type = "invalid_request_error"
    code = "conversation_changed"
    error_code = "OptimisticConcurrency"


class TooManyConversations(ServiceError):
    """The limit of stored conversations or prompts is reached; delete some."""

    status = 422
    type = "invalid_request_error"
    code = "too_many_conversations"
    error_code = "TooMany"


class ApiKeyNotFound(ServiceError):
    """No such API key."""

    status = 404
    type = "invalid_request_error"
    code = "api_key_not_found"
    error_code = "NotFound"


class NotRetryable(ServiceError):
    """Only a job that Failed or was Cancelled can be retried, while its request is kept."""

    # 422, not 409: OpenAI's SDK retries a 409.
    status = 422
    type = "invalid_request_error"
    code = "job_not_retryable"
    error_code = "NotRetryable"


class DeliveryNotFound(ServiceError):
    """This job has no callback, has not ended yet, or its delivery is no longer kept."""

    status = 404
    type = "invalid_request_error"
    code = "delivery_not_found"
    error_code = "NotFound"


class SubscriptionNotFound(ServiceError):
    """No such subscription."""

    status = 404
    type = "invalid_request_error"
    code = "subscription_not_found"
    error_code = "NotFound"


class TooManySubscriptions(ServiceError):
    """This key has reached its limit of subscriptions; delete one first."""

    status = 422
    type = "invalid_request_error"
    code = "too_many_subscriptions"
    error_code = "TooManySubscriptions"


class ScheduleNotFound(ServiceError):
    """No such schedule."""

    status = 404
    type = "invalid_request_error"
    code = "schedule_not_found"
    error_code = "NotFound"


class TooManySchedules(ServiceError):
    """This key has as many schedules as it may; delete one first."""

    status = 422
    type = "invalid_request_error"
    code = "too_many_schedules"
    error_code = "TooManySchedules"


class TooManyBatches(ServiceError):
    """This key has as many batches as it may, of which none is over; wait for one, or cancel it."""

    status = 422
    type = "invalid_request_error"
    code = "too_many_batches"
    error_code = "TooManyBatches"


class TooManyGroups(ServiceError):
    """This key has as many groups as it may; those that have ended go by themselves."""

    status = 422
    type = "invalid_request_error"
    code = "too_many_groups"
    error_code = "TooManyGroups"


class StreamGone(ServiceError):
    """The chunks of this stream are no longer kept; ask for the job's result."""

    status = 410
    type = "invalid_request_error"
    code = "stream_gone"
    error_code = "Gone"


class ResultLinkInvalid(ServiceError):
    """This result link is not valid; use it exactly as the callback gave it."""

    status = 403
    type = "invalid_request_error"
    code = "result_link_invalid"
    error_code = "Forbidden"


class ResultLinkExpired(ServiceError):
    """This result link has expired; ask for the job with your API key."""

    status = 410
    type = "invalid_request_error"
    code = "result_link_expired"
    error_code = "Gone"


class RouteNotFound(ServiceError):
    """There is no such endpoint."""

    status = 404
    type = "invalid_request_error"
    code = "unknown_url"
    error_code = "NotFound"


class MethodNotAllowed(ServiceError):
    """This endpoint does not take that HTTP method."""

    status = 405
    type = "invalid_request_error"
    code = "method_not_allowed"
    error_code = "MethodNotAllowed"


class BodyTooLarge(ServiceError):
    """The request body is too large."""

    status = 413
    type = "invalid_request_error"
    code = "body_too_large"
    error_code = "RequestEntityTooLarge"


class ArtifactNotFound(ServiceError):
    """There is no such file."""

    status = 404
    type = "invalid_request_error"
    code = "file_not_found"
    error_code = "NotFound"


class GroupNotFound(ServiceError):
    """There is no such group of jobs."""

    status = 404
    type = "invalid_request_error"
    code = "group_not_found"
    error_code = "NotFound"


class GroupClosed(ServiceError):
    """This group is closed: no more jobs can join it; choose another groupId."""

    status = 409
    type = "invalid_request_error"
    code = "group_closed"
    error_code = "Conflict"


class GroupFull(GroupClosed):
    """This group has as many jobs as a group can have; choose another groupId."""

    code = "group_full"


class BatchNotFound(ServiceError):
    """There is no such batch."""

    status = 404
    type = "invalid_request_error"
    code = "batch_not_found"
    error_code = "NotFound"


class ArtifactTooLarge(BodyTooLarge):
    """The file is too large."""

    code = "file_too_large"


class StorageQuotaExceeded(ServiceError):
    """This key has used up its storage quota; delete some files."""

    # 403: a client that repeats it after a moment can only fail again.
    status = 403
    type = "insufficient_quota"
    code = "storage_quota_exceeded"
    error_code = "StorageQuotaExceeded"


class StorageUnavailable(ServiceError):
    """File storage is unavailable at the moment; try again."""

    status = 503
    type = "server_error"
    code = "storage_unavailable"
    error_code = "ServiceUnavailable"


class StorageFull(StorageUnavailable):
    """File storage is full; ask its operator to free some space, then try again."""

    code = "storage_full"


class QueueFull(ServiceError):
    """The queue of this model is full; try again later."""

    status = 429
    type = "rate_limit_exceeded"
    code = "queue_full"
    error_code = "TooManyRequests"


class OwnerQueueFull(QueueFull):
    """This key has reached its limit of waiting jobs for this model; try again later."""

    code = "owner_queue_full"


class OwnerLaterFull(QueueFull):
    """This key has reached its limit of jobs waiting for their `runAfter` time."""

    code = "owner_delayed_full"


class OwnerFlowsFull(QueueFull):
    """This key has reached its limit of flow keys in use at once."""

    code = "owner_flow_keys_full"


class OwnerBytesFull(QueueFull):
    """This key's unfinished jobs have reached their limit of bytes; try again later."""

    code = "owner_queue_bytes_full"


class TooManyWaiting(QueueFull):
    """Too many calls are waiting for an answer; try again, or queue the job."""

    code = "too_many_waiting"


class TooManySignIns(QueueFull):
    """Too many failed sign-ins from this address; try again in a minute."""

    code = "too_many_sign_ins"


class RateLimitExceeded(ServiceError):
    """This key has reached its limit of requests per minute; try again later."""

    status = 429
    type = "requests"
    code = "rate_limit_exceeded"
    error_code = "TooManyRequests"


class TokenRateExceeded(RateLimitExceeded):
    """This key has reached its limit of tokens per minute; try again later."""

    type = "tokens"


class TooManyJobs(RateLimitExceeded):
    """This key has reached its limit of concurrent jobs; try again when one has ended."""

    type = "rate_limit_exceeded"
    code = "too_many_jobs"


class TooManyQueued(TooManyJobs):
    """This key has reached its limit of queued jobs; try again when one has started."""

    code = "too_many_queued"


class InsufficientQuota(RateLimitExceeded):
    """This key has used up its budget for this month."""

    type = "insufficient_quota"
    code = "insufficient_quota"


class BodyNotRead(ServiceError):
    """The body could not be read at the moment; send it again."""

    status = 503
    code = "body_not_read"
    error_code = "ServiceUnavailable"


class LedgerUnavailable(ServiceError):
    """The store cannot be reached at the moment; try again, preferably with a RefId."""

    status = 503
    type = "server_error"
    code = "store_unavailable"
    error_code = "ServiceUnavailable"


class DatabaseUnavailable(ServiceError):
    """The database cannot be reached at the moment; try again."""

    status = 503
    type = "server_error"
    code = "database_unavailable"
    error_code = "ServiceUnavailable"


class SearchTooSlow(DatabaseUnavailable):
    """A search takes too long, this or others; narrow it (from, to, state, model, tag), or wait."""

    code = "search_too_slow"


class ProviderUnavailable(ServiceError):
    """The provider did not answer."""

    status = 502
    type = "server_error"
    code = "provider_unavailable"
    error_code = "BadGateway"


class WaitTimedOut(ServiceError):
    """The job did not finish within this call's time limit; ask for its status."""

    status = 504
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
