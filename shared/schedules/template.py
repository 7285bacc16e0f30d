"""The call that a schedule makes: a request of an API, read as a gateway reads it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from shared.batches.lines import PARSERS
from shared.errors import ValidationFailed
from shared.operation import Operation
from shared.schedules.schedule import Schedule
from shared.wire.chat_request import ChatCall
from shared.wire.ollama_request import parse_generation
from shared.wire.operation_request import parse_media

#: How the calls are read that a schedule can make, by endpoint.
ENDPOINTS: Final[dict[str, Callable[[bytes], ChatCall]]] = {
    **PARSERS,
    "/v1/images/generations": partial(parse_media, Operation.IMAGE),
    "/v1/audio/speech": partial(parse_media, Operation.SPEECH),
    "/api/generate": partial(parse_generation, can_stream=False),
}


def call_of(schedule: Schedule) -> ChatCall:
    """Return the call, told what the schedule says. Raises ValidationFailed with the field."""
    call = ENDPOINTS[schedule.endpoint](schedule.request.encode())
    if call.chat.stream:
        raise ValidationFailed("request.stream must be false: nobody listens", field="request")
    if call.ref_id or call.run_after or call.group_id:
        told = "request: a job's refId and runAfter come from the schedule, and it has no groupId"
        raise ValidationFailed(told, field="request")
    return replace(
        call,
        provider=schedule.provider or call.provider,
        tag=schedule.tag or call.tag,
        reply_to=schedule.reply_to or call.reply_to,
        timeout_s=schedule.timeout_s or call.timeout_s,
    )
