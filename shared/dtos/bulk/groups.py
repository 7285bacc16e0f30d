"""DTOs of groups of jobs: one status of many, and what is done with all of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from shared.codecs.place import AFTER, STOPPED, After
from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.fields import Text, empty_is_absent, zero_is_absent
from shared.wire.group_id import read_group_id

Id = Annotated[str, Field(min_length=1, max_length=128)]
NewId = Annotated[
    Annotated[str, Field(max_length=128), AfterValidator(read_group_id)] | None,
    BeforeValidator(empty_is_absent),
]
Url = Annotated[Annotated[str, Field(max_length=2048)] | None, BeforeValidator(empty_is_absent)]
Size = Annotated[Annotated[int, Field(ge=1, le=10_000_000)] | None, BeforeValidator(zero_is_absent)]


class CreateGroup(Dto):
    """Make a group before its jobs, or say more of one that is open."""

    id: NewId = Field(None, description="Your name for it; without one it gets one.")
    reply_to: Url = Field(None, description="Where its end is posted.")
    jobs: Size = Field(None, description="It is closed when so many jobs have joined.")


class _Which(Dto):
    """Names a group."""

    id: Id = Field(description="The group's id, or that of a batch.")
    created_by: Text = Field(None, description="Whose it is; the admin's to say.")


class GetGroup(_Which):
    """Ask how a group of jobs, or a batch, stands."""


class CloseGroup(_Which):
    """Let no more jobs join a group: it ends when all that are in it have ended."""


class CancelGroup(_Which):
    """Close a group, or a batch, and cancel all its jobs."""


class RetryGroup(_Which):
    """Queue the jobs of a group again that failed; of a batch, those lines in a new batch."""

    cancelled: bool = Field(default=False, description="Also those that were cancelled.")
    take: Annotated[int, Field(ge=1, le=1000)] = Field(1000, description="At most so many jobs.")
    after: After = Field(None, description=AFTER)


class RetryGroupResponse(Dto):
    """What was queued again."""

    id: str = Field(description="The group; of a batch, the new one.")
    matched: int = Field(description="How many have failed.")
    retried: int
    after: str | None = Field(None, description=STOPPED)
    response_status: ResponseStatus | None = None


class QueryGroups(Dto):
    """List your groups, the newest first; an admin's are everybody's."""

    skip: Annotated[int, Field(ge=0, le=10_000_000)] = Field(0, description="Leave so many out.")
    take: Annotated[int, Field(ge=1, le=100)] = Field(25, description="At most so many.")


class QueryBatches(Dto):
    """List your batches with how far they are, the newest first; an admin's are everybody's."""

    skip: Annotated[int, Field(ge=0, le=10_000_000)] = Field(0, description="Leave so many out.")
    take: Annotated[int, Field(ge=1, le=100)] = Field(25, description="At most so many.")


class BatchRow(Dto):
    """How far a batch is. Times are UTC."""

    id: str
    status: str = Field(description="As OpenAI's batches tell it.")
    problem: str | None = Field(None, description="What is wrong first, or why it does not go on.")
    endpoint: str
    total: int
    completed: int
    failed: int
    eta_secs: int | None = Field(None, description="Until its end, if it goes on as it did so far.")
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_by: str
    created_date: str


class QueryBatchesResponse(Dto):
    """A page of batches."""

    offset: int
    total: int
    results: list[BatchRow]
    response_status: ResponseStatus | None = None


class JobGroup(Dto):
    """How a group stands. Times are UTC."""

    id: str
    group_state: str = Field(description="Open, Closed, Cancelling or Ended.")
    total: int = Field(description="How many jobs are in it.")
    queued: int = Field(description="Of these, how many have not begun.")
    started: int
    completed: int
    failed: int
    cancelled: int
    progress: float = Field(description="How much of it has ended, up to 1.")
    eta_secs: int | None = Field(None, description="Until its end, if it goes on as it did so far.")
    cost: float | None = Field(None, description="Of its jobs so far, where there are prices.")
    failed_jobs: list[int] | None = Field(None, description="Ids of the first that failed.")
    reply_to: str | None = None
    created_by: str
    created_date: str
    ended_date: str | None = None
    response_status: ResponseStatus | None = None


class QueryGroupsResponse(Dto):
    """A page of groups."""

    offset: int
    total: int
    results: list[JobGroup]
    response_status: ResponseStatus | None = None
