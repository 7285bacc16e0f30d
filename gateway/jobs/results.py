"""Results by signed link: what a callback with a thin body points to."""

from __future__ import annotations

import time

from flask import Blueprint, Response

from gateway.http.routes import Call, route
from shared.callbacks.body import result_body
from shared.callbacks.result_links import is_genuine, is_ours
from shared.dtos import catalog
from shared.dtos.service import GetResult
from shared.errors import JobNotFound, ResultLinkExpired, ResultLinkInvalid

blueprint = Blueprint("results", __name__)


@route(blueprint, catalog.GET_RESULT)
def result(call: Call[GetResult]) -> Response:
    """Give the result of the one job that the link is signed for; no API key is needed."""
    gateway, wanted = call.services, call.request
    expires = wanted.expires
    if not (expires.isascii() and expires.isdecimal() and len(expires) < 13):  # noqa: PLR2004
        raise ResultLinkInvalid(field="expires")
    job = gateway.jobs.get(wanted.job_id) or gateway.history.get(wanted.job_id)
    # The history may keep jobs without what they asked and got.
    if job is None or (job.response is None and job.error is None):
        if not is_ours(gateway.settings, wanted.job_id, int(expires), wanted.signature):
            raise ResultLinkInvalid(field="signature")
        raise JobNotFound("The result that this link led to is not kept any more.")
    if not is_genuine(gateway.settings, job, int(expires), wanted.signature):
        raise ResultLinkInvalid(field="signature")
    if int(expires) <= time.time():
        raise ResultLinkExpired
    headers = {"x-job-id": str(job.id), "cache-control": "private, no-store"}
    return Response(result_body(job), mimetype="application/json", headers=headers)
