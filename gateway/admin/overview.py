"""How things stand, and the settings in force: for admins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask import Blueprint
from pydantic import SecretStr

from gateway.admin.workers import worker_row
from gateway.http.routes import Call, route
from shared.codecs.moments import iso_date
from shared.dtos import catalog
from shared.dtos.overview import (
    GetOverview,
    GetOverviewResponse,
    GetSettings,
    GetSettingsResponse,
    GetTrend,
    GetTrendResponse,
    LatencyRow,
    NoticeRow,
    ProviderSlotsRow,
    SettingRow,
    Span,
    StageRow,
    TrendRow,
    WaitingRow,
)
from shared.machines.notices import Notice, Notices
from shared.settings import Settings
from shared.telemetry.overview import Overview, ProviderSlots, read_overview
from shared.telemetry.stages import Stage
from shared.telemetry.trend import DAY, HOUR, Sample, read_samples

blueprint = Blueprint("overview", __name__)


@route(blueprint, catalog.OVERVIEW)
def overview(call: Call[GetOverview]) -> GetOverviewResponse:
    """Tell how things stand."""
    now = read_overview(call.services.redis, call.services.registry.providers)
    notices = Notices(call.services.redis).read()
    return _body(now, notices)


@route(blueprint, catalog.TREND)
def trend(call: Call[GetTrend]) -> GetTrendResponse:
    """Tell how things stood."""
    kept = HOUR if call.request.span is Span.HOUR else DAY
    return GetTrendResponse(results=[_past(one) for one in read_samples(call.services.redis, kept)])


def _past(sample: Sample) -> TrendRow:
    fields = asdict(sample)
    return TrendRow(date=iso_date(fields.pop("at_ms")), **fields)


def _body(now: Overview, notices: Sequence[Notice]) -> GetOverviewResponse:
    return GetOverviewResponse(
        date=iso_date(now.roll.now_ms),
        accepted=now.accepted,
        in_flight=now.in_flight,
        delayed=now.delayed,
        executed=now.executed,
        callbacks_due=now.callbacks_due,
        callbacks_delayed=now.callbacks_delayed,
        callbacks_in_flight=now.callbacks_in_flight,
        waiting=[WaitingRow(**asdict(row)) for row in now.waiting],
        stages=[_stage(row) for row in now.stages],
        providers=[_provider(row) for row in now.providers],
        workers=[worker_row(one) for one in now.roll.live],
        lost_workers=[worker_row(one) for one in now.roll.lost],
        notices=[_notice(one) for one in notices],
        counts=now.counts,
        latencies=[LatencyRow(within_ms=bound, total=n) for bound, n in now.latencies],
    )


def _notice(one: Notice) -> NoticeRow:
    return NoticeRow(process=one.process, text=one.text, date=iso_date(one.at_ms))


def _provider(one: ProviderSlots) -> ProviderSlotsRow:
    row = ProviderSlotsRow(name=one.name, in_use=one.in_use, limit=one.limit)
    if one.queue is None:
        return row
    if one.queue.problem:
        return row.model_copy(update={"metrics_problem": one.queue.problem})
    since = iso_date(one.queue.since_ms) if one.queue.waiting else None
    return row.model_copy(update={"waiting_there": one.queue.waiting, "waiting_since": since})


def _stage(stage: Stage) -> StageRow:
    fields = asdict(stage)
    return StageRow(lag_secs=fields.pop("lag_s"), **fields)


@route(blueprint, catalog.SETTINGS)
def settings(call: Call[GetSettings]) -> GetSettingsResponse:
    """Tell the settings in force."""
    return GetSettingsResponse(results=setting_rows(call.services.settings))


def setting_rows(settings: Settings) -> list[SettingRow]:
    """Return every setting; of secrets, and of URLs that may hold one, only that they are set."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        is_secret = isinstance(value, SecretStr) or (name.endswith("_url") and _may_tell(value))
        rows.append(
            SettingRow(
                name=f"REPLYTO_{name.upper()}",
                value=None if is_secret else _as_text(value),
                is_secret=is_secret,
                is_default=value == field.get_default(),
                description=field.description or "",
            )
        )
    return rows


def _may_tell(url: object) -> bool:
    """Whether a URL could hold a password: before its host, or among its options."""
    return any(sign in str(url) for sign in ("@", "?"))


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
