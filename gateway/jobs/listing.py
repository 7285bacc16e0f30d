"""Lists jobs, as JSON or CSV."""

from __future__ import annotations

from flask import Blueprint, Response

from gateway.http.routes import Call, route
from gateway.jobs.paging import job_filter, page
from gateway.jobs.rows import as_csv, csv_names, job_summary, only
from shared.dtos import catalog
from shared.dtos.history import QueryJobs, QueryJobsResponse
from shared.history.query import JobFilter

blueprint = Blueprint("query_jobs", __name__)


@route(blueprint, catalog.QUERY_JOBS)
def query(call: Call[QueryJobs]) -> QueryJobsResponse:
    """List the caller's jobs; who looks after all sees everybody's."""
    wanted = call.request
    rows, total = page(call.services, wanted, _filter(call))
    results = only(wanted.fields, [job_summary(row) for row in rows])
    return QueryJobsResponse(offset=wanted.skip, total=total, results=results)


@route(blueprint, catalog.QUERY_JOBS_CSV)
def query_as_csv(call: Call[QueryJobs]) -> Response:
    """List the same as CSV, for spreadsheets."""
    wanted = call.request
    rows, _ = page(call.services, wanted, _filter(call))
    summaries = [job_summary(row) for row in rows]
    only(wanted.fields, summaries)
    response = Response(as_csv(summaries, csv_names(wanted.fields)), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="jobs.csv"'
    return response


def _filter(call: Call[QueryJobs]) -> JobFilter:
    return job_filter(call.principal, call.request, everybody=call.principal.sees_all)
