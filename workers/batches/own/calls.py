"""The calls of a part: what its provider is asked with, for all of it and for each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from shared.batches.batch import Batch
from shared.batches.lines import request_of
from shared.batches.parts import Part
from shared.batches.store import Line
from shared.errors import ServiceError
from shared.providers.provider import Provider
from shared.wire.chat_request import ChatCall
from workers.batches.desk import Desk
from workers.batches.reading import read_lines
from workers.heavy import away
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.batches.base import OwnRequest
from workers.providers.own_body import body_for

#: How long one request of a batch API may take (seconds); a part is sent in one.
_TIMEOUT_S: Final = 120.0
#: Lines that are translated before others have their turn.
_PAGE: Final = 50


def call_of(desk: Desk, part: Part, provider: Provider) -> ProviderCall:
    """Return what leads to the provider. Raises ProviderError if this process cannot."""
    access = desk.own.access
    return ProviderCall(
        provider=provider,
        body=b"",
        api_key=access.key(provider),
        connect_timeout_s=desk.process.settings.connect_timeout_s,
        timeout_s=_TIMEOUT_S,
        operation=part.operation,
        headers=access.headers(provider),
        query=access.query(provider),
        egress=access.egress(provider),
    )


def line_call(call: ProviderCall, part: Part, asked: ChatCall) -> ProviderCall:
    """Return the call that a line is."""
    request = asked.chat.body.encode("utf-8")
    body = body_for(call.provider, part.model, asked.chat.operation, request)
    return replace(call, body=body)


def requests_of(
    desk: Desk, batch: Batch, part: Part, call: ProviderCall, lines: Sequence[Line]
) -> tuple[list[OwnRequest], list[int]]:
    """Return the requests of the lines, and the numbers of those that cannot be among them."""
    api = desk.own.apis[call.provider.type]
    requests, unable = [], []
    for first in range(0, len(lines), _PAGE):
        page = lines[first : first + _PAGE]
        for line, raw in zip(page, read_lines(desk, batch, page), strict=True):
            try:
                asked = away(len(raw), partial(request_of, batch.endpoint, raw))
                body = api.request_of(line_call(call, part, asked))
            except (ProviderError, ServiceError):
                # Told to its client where it runs as a job of its own.
                unable.append(line.number)
            else:
                requests.append(OwnRequest(part.name_of(line.number), body))
        desk.rest()
    return requests, unable
