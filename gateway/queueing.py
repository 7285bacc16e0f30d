"""Accepts a job that nobody waits for, and says where to ask for it."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response

from gateway.accept_job import accept_job
from gateway.auth import Principal
from gateway.base_url import base_url
from gateway.json_response import JsonResponse
from gateway.services import Services
from shared import task_names
from shared.chat_request import ChatCall
from shared.dtos.jobs import QueueOpenAiChatResponse


def queue_job(gateway: Services, principal: Principal, call: ChatCall, status_dto: str) -> Response:
    """Return the job's id and RefId, and the URL at which this DTO tells its status.

    Raises what accept_job raises.
    """
    accepted, ref_id = accept_job(
        gateway,
        principal,
        call,
        priority=task_names.QUEUED,
        timeout_s=gateway.settings.job_timeout_s,
    )
    base = base_url(gateway.settings)
    status_url = f"{base}/api/{status_dto}?RefId={quote(ref_id, safe='')}"
    body = QueueOpenAiChatResponse(id=accepted.id, ref_id=ref_id, status_url=status_url)
    return JsonResponse(body.to_json())
