"""DTOs of how things stand over the whole cluster."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.fields import one_of


class Span(StrEnum):
    """How far back a trend goes."""

    HOUR = "hour"
    DAY = "day"


class GetTrend(Dto):
    """Ask how things stood: in the last hour each 15 seconds, in the last day each 5 minutes."""

    span: Annotated[Span, one_of(Span)] = Field(Span.HOUR, description="`hour` or `day`.")


class TrendRow(Dto):
    """How things stood at a moment. Counts are since the beginning: they only grow."""

    date: str
    accepted: int
    completed: int
    failed: int
    cancelled: int
    in_flight: int
    waiting: int
    callbacks: int = Field(description="Callbacks that were pending.")
    latencies: list[int] = Field(description="As those of the overview, in their order.")


class GetTrendResponse(Dto):
    """Samples, oldest first."""

    results: list[TrendRow]


class GetOverview(Dto):
    """Ask how things stand at this moment."""


class WaitingRow(Dto):
    """How many jobs wait for a model."""

    model: str
    interactive: int = Field(description="Synchronous calls and streams.")
    queued: int
    bulk: int


class StageRow(Dto):
    """One stage that jobs pass; of chats there is one for each model."""

    name: str = Field(description="`chat`, `completion`, `callbacks` or `history`.")
    model: str | None = None
    depth: int = Field(description="How many wait for a worker.")
    lag_secs: float = Field(description="How long the one has waited that waits longest.")
    in_flight: int | None = None
    held: int | None = Field(None, description="Callbacks whose receiver rests or has no room.")
    workers: int = Field(description="How many workers serve it.")
    slots: int | None = Field(None, description="Theirs, for all that they serve.")
    busy: int | None = Field(None, description="How many of these slots are taken.")


class ProviderSlotsRow(Dto):
    """How many calls run at a provider over the whole cluster, and what its server tells."""

    name: str
    in_use: int
    limit: int | None = Field(None, description="Absent: as many as there are.")
    waiting_there: int | None = Field(
        None,
        description="Requests in its server's own queue; while there are any, no bulk job begins.",
    )
    waiting_since: str | None = Field(None, description="Since when there are.")
    metrics_problem: str | None = Field(
        None, description="Why its metrics tell nothing; no job is held back then."
    )


class RunningRow(Dto):
    """What a worker runs: a job, or its callback, which has no model here."""

    id: int
    model: str | None = None
    provider: str | None = None
    started_date: str


class WorkerRow(Dto):
    """One worker process, as it told of itself. Counts are since its start."""

    name: str
    pid: int
    host: str | None = None
    version: str | None = None
    pools: list[str] = Field(description="Of `chat`, `completion` and `callbacks`.")
    queues: list[str]
    slots: int | None = Field(None, description="Absent: a version that does not tell.")
    busy: int | None = None
    is_stopping: bool = Field(description="It finishes what it has begun, and takes nothing new.")
    started_date: str | None = None
    heard_date: str
    received: int
    completed: int
    retries: int
    failed: int
    running_jobs: int
    running: list[RunningRow] = Field(description="Those that run longest, ten at most.")


class LatencyRow(Dto):
    """How many jobs were answered within a bound, and in more than the bound before it."""

    within_ms: int | None = Field(None, description="Absent: in more than the last bound.")
    total: int


class NoticeRow(Dto):
    """What a process has to complain of: secrets, database or clock are not the others'."""

    process: str
    text: str
    date: str


class GetOverviewResponse(Dto):
    """How things stand. Counts only ever grow: what happens in a time is their difference."""

    date: str
    accepted: int = Field(description="Jobs accepted since the ledger began.")
    in_flight: int
    delayed: int = Field(description="Waiting for their next attempt, after one that failed.")
    executed: int = Field(description="Answered, but not final yet.")
    callbacks_due: int
    callbacks_delayed: int
    callbacks_in_flight: int
    waiting: list[WaitingRow]
    stages: list[StageRow]
    providers: list[ProviderSlotsRow]
    workers: list[WorkerRow]
    lost_workers: list[WorkerRow] = Field(
        description="Not heard for ten seconds and not stopped; forgotten after ten minutes."
    )
    notices: list[NoticeRow] = Field(
        description="What processes have to complain of at this moment; each logs it too."
    )
    counts: dict[str, int]
    latencies: list[LatencyRow]


class GetSettings(Dto):
    """Ask for the settings in force."""


class SettingRow(Dto):
    """One setting. A secret's value is never told."""

    name: str
    value: str | None = None
    is_secret: bool
    is_default: bool
    description: str


class GetSettingsResponse(Dto):
    """All settings of the gateway that answers."""

    results: list[SettingRow]


class WorkerStats(Dto):
    """One worker process. Counts are since its start."""

    name: str
    queued: int = Field(description="Jobs that wait in the queues it serves.")
    received: int
    completed: int
    retries: int
    failed: int
    running_job: int | None = Field(None, description="The one that has run longest.")
    running_time: str | None = None
    running_jobs: int = 0
    queues: list[str]


class GetWorkerStats(Dto):
    """Show what each worker does and what waits."""


class CancelWorker(Dto):
    """Abort all that a worker runs."""

    worker: str


class GetWorkerStatsResponse(Dto):
    """All workers."""

    results: list[WorkerStats]
    queue_counts: dict[str, int]
    response_status: ResponseStatus | None = None
