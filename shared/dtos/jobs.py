"""DTOs to queue a chat, follow it, wait for it, read it, cancel it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.fields import Holds, Text, zero_is_absent
from shared.errors import ValidationFailed

JobId = Annotated[Annotated[int, Field(ge=1, le=2**53)] | None, BeforeValidator(zero_is_absent)]


class _Which(Dto):
    """Names a job by the gateway's id or by the client's RefId."""

    ref_id: Text = Field(None, description="The RefId the job was queued with.")

    @property
    def job_id_or_none(self) -> int | None:
        """The gateway's id, if given."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _one_is_given(self) -> Any:
        if self.ref_id is None and self.job_id_or_none is None:
            raise ValidationFailed("Give the job's refId, or its id.", field="refId")
        return self


class GetOpenAiChatStatus(_Which):
    """Ask where a queued chat stands."""

    job_id: JobId = Field(None, description="The id the gateway gave the job.")

    @property
    def job_id_or_none(self) -> int | None:
        """The gateway's id, if given."""
        return self.job_id


class ById(_Which):
    """Names a job by `id` or `refId`."""

    id: JobId = Field(None, description="The id the gateway gave the job.")

    @property
    def job_id_or_none(self) -> int | None:
        """The gateway's id, if given."""
        return self.id


class GetOpenAiChat(ById):
    """Read a job with all that is known of it."""


class WaitForOpenAiChat(ById):
    """Wait until a job has ended, then read it."""


class StreamOpenAiChat(ById):
    """Follow the stream of a job, from its start or behind an event."""

    last_event_id: str | None = Field(None, description="The last event the client has.")


class StreamProgress(Dto):
    """What a followed stream tells before its first chunk, as `queued` and `started` events."""

    queue_position: int | None = Field(None, description="Jobs before this one, while Queued.")
    estimated_start_secs: int | None = Field(
        None, description="Seconds until it may start, when the queue moves."
    )
    status: str = Field(description="The same for people, with details.")


class CancelJob(ById):
    """End a job that waits, or abort one that runs."""


class QueueOpenAiChatResponse(Dto):
    """A chat was accepted."""

    id: int = Field(description="The id the gateway gave the job.")
    ref_id: str = Field(description="The client's RefId, or one made for it.")
    status_url: str = Field(description="Where to ask for the job's status.")
    group_id: str | None = Field(None, description="The group that it has joined.")
    response_status: ResponseStatus | None = None


class FlowState(Dto):
    """How the flow key of a queued job stands."""

    key: str
    max_parallel: int | None = Field(None, description="Most of its jobs that run at once.")
    rate: str | None = Field(None, description="How many of its jobs may begin in how long.")
    running: int = Field(description="Jobs with this key that run.")
    waiting: int = Field(description="Those for this model that wait for room with it.")
    before: int | None = Field(None, description="Those of them before this one, if it waits so.")


class GetOpenAiChatStatusResponse(Dto):
    """Where a job stands, and its result once there is one."""

    job_id: int
    ref_id: str
    job_state: str = Field(description="Queued, Started, Executed, Completed, Failed, Cancelled.")
    status: str = Field(description="The same for people, with details.")
    queue_position: int | None = Field(None, description="Jobs before this one, while Queued.")
    estimated_start_secs: int | None = Field(
        None, description="Seconds until it may start, when the queue moves."
    )
    run_after: str | None = Field(None, description="It does not run before, in UTC.")
    waits_for_limits_since: str | None = Field(
        None, description="Since when it waits for its key's limits by the minute, if it does."
    )
    flow: FlowState | None = Field(None, description="Its flow key, while Queued.")
    response_status: ResponseStatus | None = None
    result: Annotated[dict[str, Any], Holds("OpenAiChatResponse")] | None = Field(
        None, description="The chat response."
    )


class BackgroundJob(Dto):
    """All that is known of a job (ServiceStack's BackgroundJobBase)."""

    id: int
    ref_id: str
    tag: str | None = None
    worker: str | None = None
    created_date: str
    created_by: str | None = None
    run_after: str | None = None
    group_id: str | None = None
    flow_key: str | None = None
    request_id: str | None = None
    request_type: str | None = None
    request: str | None = None
    request_body: str | None = Field(None, description="The chat request, as JSON text.")
    response: str | None = None
    response_body: str | None = Field(None, description="The chat response, as JSON text.")
    state: str
    started_date: str | None = None
    completed_date: str | None = None
    notified_date: str | None = None
    retry_limit: int | None = None
    attempts: int = 0
    duration_ms: int = 0
    timeout_secs: int | None = None
    progress: float | None = None
    status: str | None = None
    last_activity_date: str | None = None
    reply_to: str | None = None
    error_code: str | None = None
    error: ResponseStatus | None = None
    meta: dict[str, str] | None = None


class GetOpenAiChatResponse(Dto):
    """A job as it stands."""

    result: BackgroundJob
    response_status: ResponseStatus | None = None


class CancelJobResponse(Dto):
    """What became of the wish to cancel."""

    id: int
    ref_id: str
    job_state: str
    status: str = Field(description="'cancelled', 'aborting' (it runs), or 'ended' (too late).")
    response_status: ResponseStatus | None = None


class ActiveAiModels(Dto):
    """List the models that can be used."""

    provider: str | None = Field(None, description="Only models of this provider.")
    vision: bool | None = Field(None, description="Only models that see pictures, by their names.")


class ActiveCustomAiModels(Dto):
    """List the models that no catalog of models tells of: here, all that can be used."""


class ActiveAiModelsResponse(Dto):
    """Names of models, sorted."""

    results: list[str]
    response_status: ResponseStatus | None = None
