"""Results by signed link: what a callback with a thin body points to."""

from __future__ import annotations

import time

from flask import Blueprint, Response, request

from gateway.services import services
from shared.callbacks.body import result_body
from shared.callbacks.result_links import PATH, is_genuine
from shared.errors import JobNotFound, ResultLinkExpired, ResultLinkInvalid

blueprint = Blueprint("results", __name__)


@blueprint.get(f"{PATH}<int:job_id>")
def result(job_id: int) -> Response:
    """Give the result of the one job that the link is signed for; no API key is needed."""
    gateway = services()
    expires = request.args.get("expires", "")
    if not (expires.isascii() and expires.isdecimal() and len(expires) < 13):  # noqa: PLR2004
        raise ResultLinkInvalid(field="expires")
    job = gateway.jobs.get(job_id) or gateway.history.get(job_id)
    # The history may keep jobs without what they asked and got.
    if job is None or (job.response is None and job.error is None):
        raise JobNotFound("The result that this link led to is not kept any more.")
    if not is_genuine(gateway.settings, job, int(expires), request.args.get("signature", "")):
        raise ResultLinkInvalid(field="signature")
    if int(expires) <= time.time():
        raise ResultLinkExpired
    headers = {"x-job-id": str(job.id), "cache-control": "private, no-store"}
    return Response(result_body(job), mimetype="application/json", headers=headers)
