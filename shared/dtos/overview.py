"""DTOs of how things stand over the whole cluster."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shared.dtos.base import Dto


class GetOverview(Dto):
    """Ask how things stand at this moment."""


class WaitingRow(Dto):
    """How many jobs wait for a model."""

    model: str
    interactive: int = Field(description="Synchronous calls and streams.")
    queued: int
    bulk: int


class LatencyRow(Dto):
    """How many jobs were answered within a bound, and in more than the bound before it."""

    within_ms: int | None = Field(None, description="Absent: in more than the last bound.")
    total: int


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
    workers: list[dict[str, Any]]
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
