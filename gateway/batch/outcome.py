"""What a batch answers: an array of answers in their order, or the failure that ended it.

As ServiceStack tells it (https://docs.servicestack.net/auto-batched-requests): the first failure
ends a batch and is its answer; `X-AutoBatch-Completed` says how many requests were done before, and
`responseStatus.meta.AutoBatchIndex` which one failed. What the others came to stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from flask import Response

from gateway.http.response import JsonResponse
from shared.codecs.json_bytes import to_json_bytes

_COMPLETED: Final = "X-AutoBatch-Completed"
#: Headers of a failure that are its own, as clients that try again read them.
_OWN: Final = ("Retry-After", "x-should-retry")


class Stopped(Exception):
    """A request of the batch failed: which one, and with what."""

    def __init__(self, index: int, cause: Exception) -> None:
        super().__init__(index)
        self.index = index
        self.cause = cause


def finished(answers: Sequence[bytes]) -> Response:
    """Return the answers of all requests."""
    response = JsonResponse(_array(answers))
    response.headers.add(_COMPLETED, str(len(answers)))
    return response


def stopped(failure: Response, index: int, answers: Sequence[bytes]) -> Response:
    """Return a request's failure as that of its batch; the answers are of those before it."""
    body = json.loads(failure.get_data())
    status = body.setdefault("responseStatus", {})
    status["meta"] = {"AutoBatchIndex": str(index)}
    text = to_json_bytes(body)
    if answers:
        text = text[:-1] + b',"results":' + _array(answers) + b"}"
    response = JsonResponse(text, failure.status_code)
    response.headers.add(_COMPLETED, str(len(answers)))
    for name in _OWN:
        if told := failure.headers.get(name):
            response.headers.add(name, told)
    return response


def _array(answers: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(answers) + b"]"
