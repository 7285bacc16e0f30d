"""Lists jobs, as JSON or CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from flask import Blueprint, Response

from gateway.http.routes import Call, route
from gateway.jobs.paging import every, job_filter, page
from gateway.jobs.rows import as_csv, csv_names, job_summary, only
from shared.dtos import catalog
from shared.dtos.history import JobSummary, QueryJobs, QueryJobsResponse
from shared.history.query import JobFilter
from shared.history.rows import Row

blueprint = Blueprint("query_jobs", __name__)


@route(blueprint, catalog.QUERY_JOBS)
def query(call: Call[QueryJobs]) -> QueryJobsResponse:
    """List the caller's jobs; who looks after all sees everybody's."""
    wanted = call.request
    rows, total = page(call.services, wanted, _filter(call))
    results = only(wanted.fields, _summaries(call, rows))
    return QueryJobsResponse(offset=wanted.skip, total=total, results=results)


@route(blueprint, catalog.QUERY_JOBS_CSV)
def query_as_csv(call: Call[QueryJobs]) -> Response:
    """List the same as CSV, for spreadsheets."""
    wanted = call.request
    names = csv_names(wanted.fields)
    if wanted.all:
        lines: str | Iterator[str] = _all_lines(call, _filter(call), names)
    else:
        rows, _ = page(call.services, wanted, _filter(call))
        lines = as_csv(_summaries(call, rows), names)
    response = Response(lines, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="jobs.csv"'
    return response


def _all_lines(call: Call[QueryJobs], filter_: JobFilter, names: list[str]) -> Iterator[str]:
    """Yield all jobs a page at a time; the first is read before anything is promised."""
    pages = every(call.services, call.request, filter_)
    first = as_csv(_summaries(call, next(pages)), names)
    rest = (as_csv(_summaries(call, rows), names, with_names=False) for rows in pages)
    return chain([first], rest)


def _summaries(call: Call[QueryJobs], rows: Iterable[Row]) -> list[JobSummary]:
    prices, principal = call.services.prices.current(), call.principal
    return [job_summary(row, prices, is_whole=principal.sees_whole(row["owner"])) for row in rows]


def _filter(call: Call[QueryJobs]) -> JobFilter:
    return job_filter(call.principal, call.request, everybody=call.principal.sees_all)
