"""Lists jobs, as JSON or CSV."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.binding import bind
from gateway.history_view import as_csv, csv_names, job_summary, only
from gateway.job_list import job_filter, page
from gateway.routes import dto_response, dto_route
from gateway.services import services
from shared.dtos.history import QueryJobs, QueryJobsResponse

blueprint = Blueprint("query_jobs", __name__)


@dto_route(blueprint, "QueryJobs", "GET")
def query() -> Response:
    """List the caller's jobs; the admin's are everybody's."""
    gateway, principal = services(), services().keys.authenticate(request)
    wanted = bind(QueryJobs)
    rows, total = page(gateway, wanted, job_filter(principal, wanted))
    results = only(wanted.fields, [job_summary(row) for row in rows])
    return dto_response(QueryJobsResponse(offset=wanted.skip, total=total, results=results))


@blueprint.route("/api/QueryJobs.csv", methods=["GET", "POST"])
def query_as_csv() -> Response:
    """List the same as CSV, for spreadsheets."""
    gateway, principal = services(), services().keys.authenticate(request)
    wanted = bind(QueryJobs)
    rows, _ = page(gateway, wanted, job_filter(principal, wanted))
    summaries = [job_summary(row) for row in rows]
    only(wanted.fields, summaries)
    response = Response(as_csv(summaries, csv_names(wanted.fields)), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="jobs.csv"'
    return response
