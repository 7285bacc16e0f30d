"""DTOs to list jobs and to sum up what they took."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field, model_validator

from shared.codecs.moments import UnixMs
from shared.codecs.place import AFTER, STOPPED, After
from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.fields import Text, one_of, zero_is_absent
from shared.dtos.jobs import ById
from shared.errors import ValidationFailed
from shared.history.statistics import GroupBy
from shared.jobs.job import JobState

_GROUPS: Final = {"key": GroupBy.OWNER, **{group.value: group for group in GroupBy}}
_ORDERS: Final = ("id", "createddate")


def _group(value: object) -> object:
    if (found := _GROUPS.get(str(value).lower())) is None:
        raise ValueError(f"must be one of {', '.join(_GROUPS)}")
    return found


def _order(value: object) -> object:
    if value is None or value == "":
        return None
    if str(value).lower().lstrip("-") not in _ORDERS:
        raise ValueError("must be createdDate or id: jobs are listed in the order of their making")
    return value


State = Annotated[JobState | None, one_of(JobState)]
Order = Annotated[str | None, BeforeValidator(_order)]


class JobFilterDto(Dto):
    """Which jobs are meant. With `*` at its end a name is what names begin with: `gpt-4*`."""

    state: State = Field(
        None, description="Queued, Started, Executed, Completed, Failed or Cancelled."
    )
    model: Text = Field(None, description="The model that was asked for.")
    provider: Text = Field(None, description="The provider that answered, or was asked last.")
    tag: Text = Field(None, description="The job's Tag.")
    ref_id: Text = Field(None, description="The job's RefId.")
    owner: Text = Field(None, description="The API key that made the job; the admin's to choose.")
    from_: UnixMs = Field(None, alias="from", description="Created then or later.")
    to: UnixMs = Field(None, description="Created at or before this time.")
    error: Text = Field(None, description="Text in the error's code or message.")
    status_code: Annotated[int | None, BeforeValidator(zero_is_absent)] = Field(
        None, description="HTTP status that a client got, or that a provider answered with."
    )


class QueryJobs(JobFilterDto):
    """List jobs, the newest first: those under way, then those that have ended."""

    skip: Annotated[int, Field(ge=0, le=10_000_000)] = Field(0, description="Leave so many out.")
    take: Annotated[int, Field(ge=1, le=1000)] = Field(100, description="At most so many.")
    order_by: Order = Field(None, description="createdDate or id: the oldest first.")
    order_by_desc: Order = Field(None, description="createdDate or id: the newest first.")
    include: Text = Field(None, description="`total` counts all jobs that match.")
    fields: Text = Field(None, description="Only these fields of each job, by name with commas.")
    all: bool = Field(default=False, description="As CSV: all that match, from `skip` on.")

    @property
    def newest_first(self) -> bool:
        """Whether the order is downwards; AutoQuery writes that `-createdDate`, too."""
        return not self.order_by or self.order_by.startswith("-")

    @property
    def with_total(self) -> bool:
        """Whether to count."""
        return "total" in (self.include or "").lower()


class JobSummary(Dto):
    """One job of a list: all but what was asked and answered."""

    id: int
    ref_id: str
    tag: str | None = None
    created_by: str = Field(description="The API key's name.")
    model: str
    provider: str | None = None
    operation: str
    state: str
    status_code: int | None = Field(None, description="HTTP status that a waiting client got.")
    created_date: str
    started_date: str | None = Field(None, description="When the last attempt began.")
    executed_date: str | None = None
    completed_date: str | None = None
    waited_ms: int | None = Field(None, description="From the making to the last attempt.")
    duration_ms: int | None = Field(None, description="Of the attempt that answered.")
    attempts: int = 0
    worker: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    cached_tokens: int | None = None
    images: int | None = Field(None, description="Pictures that were made.")
    characters: int | None = Field(None, description="Characters that were spoken.")
    audio_seconds: float | None = Field(None, description="Sound that was heard.")
    cost: float | None = Field(
        None,
        description="By the prices in providers.toml, once the job is in the history. Absent where "
        "there is no price: it is not known.",
    )
    is_kept: bool | None = Field(None, description="Whether the job is in the history.")
    streamed: bool | None = None
    reply_to: str | None = None


class QueryJobsResponse(Dto):
    """A page of jobs."""

    offset: int = 0
    total: int | None = Field(None, description="How many match, if `include` asked for it.")
    results: list[JobSummary]
    response_status: ResponseStatus | None = None


class GetSummaryStats(Dto):
    """Sum up by provider, model and month. The admin's are everybody's, a key's its own."""

    from_: UnixMs = Field(None, alias="from", description="Created on that day (UTC) or later.")
    to: UnixMs = Field(None, description="Created on or before this day (UTC).")


class SummaryStats(Dto):
    """One sum."""

    name: str
    total: int = Field(description="Jobs that ended.")
    total_prompt_tokens: int
    total_completion_tokens: int
    total_minutes: float = Field(description="Time of LLMs.")
    tokens_per_second: float


class GetSummaryStatsResponse(Dto):
    """Sums by name."""

    provider_stats: list[SummaryStats]
    model_stats: list[SummaryStats]
    month_stats: list[SummaryStats]
    response_status: ResponseStatus | None = None


class GetUsage(GetSummaryStats):
    """Sum up jobs, tokens, cost and latencies. The admin's are everybody's, a key's its own."""

    group_by: Annotated[GroupBy, BeforeValidator(_group)] = Field(
        GroupBy.DAY, description="model, provider, tag, owner (or key), day or month."
    )


class UsageStats(SummaryStats):
    """One sum, in detail."""

    completed: int
    failed: int
    cancelled: int
    total_tokens: int
    cached_tokens: int
    images: int = Field(description="Pictures that were made.")
    characters: int = Field(description="Characters that were spoken.")
    audio_seconds: float = Field(description="Sound that was heard.")
    cost: float = Field(description="By the prices in providers.toml.")
    is_cost_known: bool = Field(
        default=True, description="False where nothing of it has a price: it may not be free."
    )
    average_wait_ms: int
    p50_ms: int | None = Field(None, description="Latency of the median answer, estimated.")
    p95_ms: int | None = Field(None, description="Latency within which 95 % of answers came.")
    p99_ms: int | None = None


class GetUsageResponse(Dto):
    """Sums, in the order of their names."""

    results: list[UsageStats]
    response_status: ResponseStatus | None = None


class RetryJob(ById):
    """Queue a job again that Failed or was Cancelled: same id and RefId, attempts and time anew."""


class RetryJobResponse(Dto):
    """The job is on its way again."""

    id: int
    ref_id: str
    job_state: str
    response_status: ResponseStatus | None = None


class RetryJobs(JobFilterDto):
    """Queue many jobs again: those that Failed, or with that state, those that were Cancelled."""

    take: Annotated[int, Field(ge=1, le=1000)] = Field(1000, description="At most so many.")
    after: After = Field(None, description=AFTER)
    dry_run: bool = Field(default=False, description="Only say how many there would be.")

    @model_validator(mode="after")
    def _is_meant(self) -> RetryJobs:
        if self.state not in (None, JobState.FAILED, JobState.CANCELLED):
            raise ValidationFailed("Only Failed or Cancelled jobs can be retried.", field="state")
        names = (
            *("state", "model", "provider", "tag", "ref_id", "owner"),
            *("from_", "to", "error", "status_code"),
        )
        if not any(getattr(self, name) for name in names):
            raise ValidationFailed(
                "Say which jobs: give a state, model, provider, tag, from, to or error.",
                field="state",
            )
        return self


class RetryJobsResponse(Dto):
    """How many jobs matched, and how many of them are on their way again."""

    matched: int
    retried: int
    dry_run: bool
    after: str | None = Field(None, description=STOPPED)
    response_status: ResponseStatus | None = None
