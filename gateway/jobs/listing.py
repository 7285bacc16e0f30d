"""Lists jobs, as JSON or CSV."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.http.binding import bind
from gateway.http.routes import dto_response, dto_route
from gateway.jobs.paging import job_filter, page
from gateway.jobs.rows import as_csv, csv_names, job_summary, only
from gateway.services import Services, services
from shared.dtos.history import QueryJobs, QueryJobsResponse
from shared.history.query import JobFilter

blueprint = Blueprint("query_jobs", __name__)


@dto_route(blueprint, "QueryJobs", "GET")
def query() -> Response:
    """List the caller's jobs; who looks after all sees everybody's."""
    gateway, wanted, filter_ = _asked()
    rows, total = page(gateway, wanted, filter_)
    results = only(wanted.fields, [job_summary(row) for row in rows])
    return dto_response(QueryJobsResponse(offset=wanted.skip, total=total, results=results))


@blueprint.route("/api/QueryJobs.csv", methods=["GET", "POST"])
def query_as_csv() -> Response:
    """List the same as CSV, for spreadsheets."""
    gateway, wanted, filter_ = _asked()
    rows, _ = page(gateway, wanted, filter_)
    summaries = [job_summary(row) for row in rows]
    only(wanted.fields, summaries)
    response = Response(as_csv(summaries, csv_names(wanted.fields)), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="jobs.csv"'
    return response


def _asked() -> tuple[Services, QueryJobs, JobFilter]:
    gateway, principal = services(), services().keys.authenticate_onlooker(request)
    wanted = bind(QueryJobs)
    return gateway, wanted, job_filter(principal, wanted, everybody=principal.sees_all)
