"""Shows groups in the DTOs of the wire. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from shared.codecs.moments import iso_date
from shared.dtos.bulk.groups import JobGroup
from shared.groups.group import Group
from shared.providers.prices import NANOS


def group_form(
    group: Group, started: int, now_ms: int, failed_jobs: Sequence[int] = ()
) -> JobGroup:
    """Return how a group stands."""
    eta_ms = group.eta_ms(now_ms)
    started = min(started, group.under_way)
    return JobGroup(
        id=group.id,
        group_state=group.state,
        total=group.jobs,
        queued=group.under_way - started,
        started=started,
        completed=group.completed,
        failed=group.failed,
        cancelled=group.cancelled,
        progress=progress(group.jobs, group.under_way),
        eta_secs=None if eta_ms is None else round(eta_ms / 1000),
        cost=group.cost_nanos / NANOS if group.cost_nanos else None,
        failed_jobs=list(failed_jobs) or None,
        reply_to=group.reply_to or None,
        created_by=group.owner,
        created_date=iso_date(group.created_ms),
        ended_date=iso_date(group.over_ms) if group.over_ms else None,
    )


def progress(total: int, left: int) -> float:
    """Return how much of it has ended."""
    return round((total - left) / total, 4) if total else 0.0
