"""Shows rows of the history, and sums of them, in the DTOs of the wire. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from shared.codecs.csv_cells import cell
from shared.codecs.moments import iso_date
from shared.dtos.chosen import as_told, chosen
from shared.dtos.history import JobSummary, SummaryStats, UsageStats
from shared.history.rows import Row
from shared.history.statistics import GroupBy, UsageSum
from shared.providers.prices import NANOS, Prices
from shared.security.masked_url import host_alone


def job_summary(row: Row, prices: Prices, *, is_whole: bool = True) -> JobSummary:
    """Return a row of a list. What has no price costs nobody knows what: it is not free.

    `is_whole`: with all of its callback's URL, which may have its receiver's secret in it.
    """
    reply_to = row["reply_to"] or ""
    return JobSummary(
        id=row["id"],
        ref_id=row["ref_id"],
        tag=row["tag"] or None,
        created_by=row["owner"],
        model=row["model"],
        provider=row["provider"] or None,
        operation=row["operation"],
        state=row["state"],
        status_code=row["status"] or None,
        created_date=iso_date(row["created_ms"]),
        started_date=_date(row["started_ms"]),
        executed_date=_date(row["executed_ms"]),
        completed_date=_date(row["completed_ms"]),
        waited_ms=row["waited_ms"],
        duration_ms=row["duration_ms"],
        attempts=row["attempt"],
        worker=row["worker"] or None,
        error_code=row["error_code"] or None,
        error_message=row["error_message"] or None,
        prompt_tokens=row["prompt_tokens"],
        completion_tokens=row["completion_tokens"],
        total_tokens=row["total_tokens"],
        cached_tokens=row["cached_tokens"],
        images=row["images"] or None,
        characters=row["characters"] or None,
        audio_seconds=row["audio_ms"] / 1000 if row["audio_ms"] else None,
        cost=_cost(row, prices),
        is_kept="is_live" not in row,
        streamed=bool(row["streamed"]),
        reply_to=(reply_to if is_whole else host_alone(reply_to)) or None,
    )


def only(fields: str | None, rows: Sequence[JobSummary]) -> list[JobSummary]:
    """Leave out what was not asked for. Raises ValidationFailed for a field that is none."""
    if not (kept := chosen(JobSummary, fields)):
        return list(rows)
    absent = dict.fromkeys(set(JobSummary.model_fields) - set(kept))
    return [row.model_copy(update=absent) for row in rows]


def as_csv(rows: Iterable[JobSummary], names: Sequence[str], *, with_names: bool = True) -> str:
    """Return the rows as CSV (RFC 4180), behind a line of names."""
    text = io.StringIO()
    writer = csv.writer(text)
    if with_names:
        writer.writerow([as_told(JobSummary, name) for name in names])
    for row in rows:
        writer.writerow([cell(getattr(row, name)) for name in names])
    return text.getvalue()


def csv_names(fields: str | None) -> list[str]:
    """Return the columns of a CSV: what was asked for, in that order, else all.

    Raises ValidationFailed for a field that is none.
    """
    return chosen(JobSummary, fields) or list(JobSummary.model_fields)


def summary_stats(found: UsageSum) -> SummaryStats:
    """Return a sum."""
    return SummaryStats(
        name=found.name,
        total=found.sums["total"],
        total_prompt_tokens=found.sums["prompt_tokens"],
        total_completion_tokens=found.sums["completion_tokens"],
        total_minutes=round(found.sums["duration_ms"] / 60_000, 3),
        tokens_per_second=round(found.tokens_per_second, 3),
    )


def usage(found: UsageSum, group: GroupBy, prices: Prices) -> UsageStats:
    """Return a sum in detail."""
    sums = found.sums
    is_model = group is GroupBy.MODEL
    is_cost_known = prices.knows(found.name) if is_model else not sums["total_tokens"]
    return UsageStats(
        **summary_stats(found).model_dump(),
        completed=sums["completed"],
        failed=sums["failed"],
        cancelled=sums["cancelled"],
        total_tokens=sums["total_tokens"],
        cached_tokens=sums["cached_tokens"],
        images=sums["images"],
        characters=sums["characters"],
        audio_seconds=sums["audio_ms"] / 1000,
        cost=sums["cost_nanos"] / NANOS,
        is_cost_known=bool(sums["cost_nanos"]) or is_cost_known,
        average_wait_ms=round(sums["waited_ms"] / sums["total"]) if sums["total"] else 0,
        p50_ms=found.percentile_ms(0.5),
        p95_ms=found.percentile_ms(0.95),
        p99_ms=found.percentile_ms(0.99),
    )


def _cost(row: Row, prices: Prices) -> float | None:
    nanos = row["cost_nanos"]
    if nanos is None or (not nanos and not prices.knows(row["model"], row["provider"])):
        return None
    return float(nanos / NANOS)


def _date(moment_ms: int) -> str | None:
    return iso_date(moment_ms) if moment_ms else None
