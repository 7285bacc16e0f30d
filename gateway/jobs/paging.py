"""Pages of jobs: those under way or just ended, from the ledger, before those of the history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.auth.authenticator import Principal
from gateway.services import Services
from shared.dtos.history import JobFilterDto, QueryJobs
from shared.history.query import JobFilter
from shared.history.rows import Row, job_row
from shared.jobs.job import Job, JobState
from shared.providers.prices import Prices

#: How many jobs are read at once where all are wanted.
_PAGE: Final = 1000
#: States that the history does not know.
_UNDER_WAY = (JobState.QUEUED, JobState.STARTED, JobState.EXECUTED)


def job_filter(principal: Principal, wanted: JobFilterDto, *, everybody: bool) -> JobFilter:
    """Return the filter; unless the caller may have everybody's jobs, it lets its own through."""
    return JobFilter(
        owner=wanted.owner if everybody else principal.owner,
        state=wanted.state,
        model=wanted.model,
        provider=wanted.provider,
        tag=wanted.tag,
        ref_id=wanted.ref_id,
        from_ms=wanted.from_,
        to_ms=wanted.to,
        error=wanted.error,
        status=wanted.status_code,
    )


def page(gateway: Services, wanted: QueryJobs, filter_: JobFilter) -> tuple[list[Row], int | None]:
    """Return a page and, if it was asked for, how many jobs match.

    Raises redis.RedisError, DatabaseUnavailable. Oldest first, the history comes before the jobs
    under way: each part is in order, and what ended late may stand after what was made later.
    """
    live = [_live_row(job) for job in gateway.lists.live.find(filter_)]
    if wanted.state in _UNDER_WAY:
        rows = live if wanted.newest_first else live[::-1]
        return rows[wanted.skip : wanted.skip + wanted.take], len(live)
    if wanted.newest_first:
        rows = live[wanted.skip : wanted.skip + wanted.take]
        skip = max(0, wanted.skip - len(live))
        # What has just ended may be in both: the page is full all the same.
        both = sum(row["state"] not in _UNDER_WAY for row in rows)
        rows += _from_history(gateway, wanted, filter_, skip, wanted.take - len(rows) + both)
    else:
        rows = _from_history(gateway, wanted, filter_, wanted.skip, wanted.take)
    return _once(rows)[: wanted.take], _total(gateway, wanted, filter_, len(live))


def every(gateway: Services, wanted: QueryJobs, filter_: JobFilter) -> Iterator[list[Row]]:
    """Yield all jobs that match, page by page, the newest first; each is read when it is sent."""
    skip = wanted.skip
    before: set[tuple[int, int]] = set()
    while True:
        asked = wanted.model_copy(update={"skip": skip, "take": _PAGE, "include": None})
        rows, _ = page(gateway, asked, filter_)
        # What ended between two pages moves the others down.
        yield [row for row in rows if (row["id"], row["created_ms"]) not in before]
        if len(rows) < _PAGE:
            return
        before = {(row["id"], row["created_ms"]) for row in rows}
        skip += _PAGE


def _live_row(job: Job) -> Row:
    """Return a job's row; what it cost is told by the history alone, which knows the prices."""
    return {**job_row(job, Prices()), "cost_nanos": None, "is_live": True}


def _from_history(
    gateway: Services, wanted: QueryJobs, filter_: JobFilter, skip: int, take: int
) -> list[Row]:
    if not take:
        return []
    queries = gateway.lists.queries
    return queries.page(filter_, skip=skip, take=take, newest_first=wanted.newest_first)


def _total(gateway: Services, wanted: QueryJobs, filter_: JobFilter, live: int) -> int | None:
    return live + gateway.lists.queries.count(filter_) if wanted.with_total else None


def _once(rows: list[Row]) -> list[Row]:
    """Leave out a job's second row: it came into the history between the two looks."""
    found: dict[tuple[int, int], Row] = {}
    for row in rows:
        found.setdefault((row["id"], row["created_ms"]), row)
    return list(found.values())
