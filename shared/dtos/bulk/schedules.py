"""DTOs of schedules: a call that is made at the times of a cron expression."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from shared.codecs.json_text import parse_document
from shared.codecs.moments import UnixMs
from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.fields import Text, empty_is_absent, one_of
from shared.errors import MalformedJson
from shared.schedules.cron import check_cron, check_zone
from shared.schedules.schedule import CatchUp
from shared.schedules.template import ENDPOINTS


def _known(value: str) -> str:
    if value not in ENDPOINTS:
        raise ValueError(f"must be one of {', '.join(ENDPOINTS)}")
    return value


def _object(value: object) -> object:
    """Read what a query string or a form has: JSON text."""
    if not isinstance(value, str) or not value:
        return value
    try:
        return parse_document(value.encode())[1]
    except MalformedJson as exc:
        # In the words of what names the field.
        raise ValueError(exc.message) from exc


Cron = Annotated[str, Field(max_length=256), AfterValidator(check_cron)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(check_zone)]
Endpoint = Annotated[str, AfterValidator(_known)]
Request = Annotated[dict[str, Any], BeforeValidator(_object)]
Jitter = Annotated[int, Field(ge=0, le=86_400)]
Timeout = Annotated[float, Field(gt=0, le=31_622_400)]
Policy = Annotated[CatchUp | None, one_of(CatchUp)]
Url = Annotated[Annotated[str, Field(max_length=2048)] | None, BeforeValidator(empty_is_absent)]
Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]

_POLICY = "What is done about times that were missed: `skip`, `once`, `all`."


class CreateSchedule(Dto):
    """Make a call at the times of a cron expression."""

    name: Annotated[str, Field(max_length=256)] = Field("", description="For people.")
    cron: Cron = Field(description="Minute, hour, day of month, month, day of week; or `@daily`.")
    time_zone: Zone = Field("UTC", description="Such as Europe/Berlin.")
    endpoint: Endpoint = Field("/v1/chat/completions", description="The path that takes the call.")
    request: Request = Field(description="The body of the call.")
    reply_to: Url = Field(None, description="Where each answer is posted.")
    tag: Text = Field(None, description="Of its jobs.")
    provider: Text = Field(None, description="This provider and no other.")
    timeout_secs: Timeout | None = Field(None, description="Deadline of each job.")
    jitter_secs: Jitter = Field(0, description="Each job runs up to so much later.")
    catch_up: Policy = Field(None, description=f"{_POLICY} By default `once`.")
    paused: bool = Field(default=False, description="Whether it begins paused.")


class UpdateSchedule(Dto):
    """Change a schedule; what is not given stays. Resumed, it goes on with the next time."""

    id: Id
    name: Annotated[str, Field(max_length=256)] | None = None
    cron: Cron | None = None
    time_zone: Zone | None = None
    endpoint: Endpoint | None = None
    request: Request | None = None
    reply_to: Annotated[str, Field(max_length=2048)] | None = Field(
        None, description="Empty for none."
    )
    tag: Annotated[str, Field(max_length=256)] | None = Field(None, description="Empty for none.")
    provider: Annotated[str, Field(max_length=256)] | None = Field(
        None, description="Empty for any."
    )
    timeout_secs: Timeout | None = None
    jitter_secs: Jitter | None = None
    catch_up: Policy = Field(None, description=_POLICY)
    paused: bool | None = None


class DeleteSchedule(Dto):
    """Forget a schedule; jobs that it made stay."""

    id: Id


class DeleteScheduleResponse(Dto):
    """It is gone."""

    id: str
    response_status: ResponseStatus | None = None


class RunSchedule(Dto):
    """Make a schedule's call now, beside its times."""

    id: Id
    ref_id: Text = Field(None, description="Your name for the job.")


class RunScheduleResponse(Dto):
    """The job that was made."""

    id: int
    ref_id: str
    status_url: str
    response_status: ResponseStatus | None = None


class QuerySchedules(Dto):
    """List your schedules, the newest first; an admin's are everybody's."""

    id: Text = None
    skip: Annotated[int, Field(ge=0, le=10_000_000)] = Field(0, description="Leave so many out.")
    take: Annotated[int, Field(ge=1, le=1000)] = Field(100, description="At most so many.")
    from_: UnixMs = Field(None, alias="from", description="Show the times after this moment.")
    times: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description="How many of its next times are shown; at most 1,000 of all."
    )


class JobSchedule(Dto):
    """A schedule. Times are UTC."""

    id: str
    name: str
    cron: str
    time_zone: str
    endpoint: str
    request: dict[str, Any]
    reply_to: str | None = None
    tag: str | None = None
    provider: str | None = None
    timeout_secs: float | None = None
    jitter_secs: int
    catch_up: str
    paused: bool
    problem: str | None = Field(None, description="What failed last, or why it was paused.")
    created_by: str
    created_date: str
    next_dates: list[str]
    last_date: str | None = None
    last_job_id: int | None = None
    jobs: int = Field(description="How many jobs its times have made.")
    response_status: ResponseStatus | None = None


class QuerySchedulesResponse(Dto):
    """A page of schedules."""

    offset: int
    total: int
    results: list[JobSchedule]
    response_status: ResponseStatus | None = None
