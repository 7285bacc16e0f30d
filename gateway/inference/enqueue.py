"""Accepts a job that nobody waits for, and says where to ask for it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from gateway.auth.authenticator import Principal
from gateway.base_url import base_url
from gateway.inference.accept import accept_job
from gateway.services import Services
from shared.dtos.endpoint import Endpoint
from shared.dtos.jobs import QueueOpenAiChatResponse
from shared.queues import names as task_names
from shared.wire.chat_request import ChatCall


def queue_job(
    gateway: Services, principal: Principal, call: ChatCall, status: Endpoint[Any]
) -> QueueOpenAiChatResponse:
    """Return the job's id and RefId, and the URL at which this endpoint tells its status.

    Raises what accept_job raises.
    """
    accepted, ref_id = accept_job(
        gateway,
        principal,
        call,
        priority=task_names.QUEUED,
        timeout_s=gateway.settings.job_timeout_s,
    )
    told_at = status_url(base_url(gateway.settings), status, ref_id)
    return QueueOpenAiChatResponse(
        id=accepted.id,
        ref_id=ref_id,
        status_url=told_at,
        group_id=call.group_id or None,
    )


def status_url(base: str, status: Endpoint[Any], ref_id: str) -> str:
    """Return where this endpoint tells the status of a job."""
    return f"{base}{status.path}?RefId={quote(ref_id, safe='')}"
