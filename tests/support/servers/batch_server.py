"""What the fakes of batch APIs have in common: routes, faults, batches that stand until told.

Batches stand still until a test says how they go on (`run`, `end`, `fail`): so races are the test's
to decide.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qs

from cli.wsgi_thread import Environ, StartResponse, body_of, headers_of
from tests.support.servers.fake_server import FakeServer

Json = dict[str, Any]


class ApiError(Exception):
    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass
class FakeBatch:
    """A batch there: its requests by their names, in their order, and what came of them."""

    id: str
    requests: dict[str, Json]
    created: float
    status: str
    told: Json = field(default_factory=dict)
    #: Lines of results by name.
    results: dict[str, Json] = field(default_factory=dict)


class BatchServer(FakeServer):
    """What both have in common: routes, faults, batches by their ids."""

    key = "sk-batches"

    def __init__(self) -> None:
        super().__init__()
        self.batches: dict[str, FakeBatch] = {}
        self.calls: list[tuple[str, str]] = []
        #: Called with method and path before a request is done; may raise, or break the connection.
        self.before: Callable[[str, str], None] = lambda _method, _path: None
        #: The same, when it is done and its answer is still to be sent.
        self.after: Callable[[str, str], None] = lambda _method, _path: None
        self._ids = count(1)

    @property
    def only(self) -> FakeBatch:
        """The one batch that there is."""
        (batch,) = self.batches.values()
        return batch

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        body = body_of(environ)
        self.calls.append((method, path))
        try:
            self.before(method, path)
            query = {k: v[0] for k, v in parse_qs(environ["QUERY_STRING"]).items()}
            told = self._answer(method, path, headers_of(environ), query, body)
            self.after(method, path)
        except ApiError as exc:
            start_response(f"{exc.status} Error", [("content-type", "application/json")])
            return [json.dumps(self._error(exc)).encode()]
        kind = "application/json" if isinstance(told, dict) else "application/binary"
        start_response("200 OK", [("content-type", kind)])
        return [json.dumps(told).encode() if isinstance(told, dict) else told]

    def _answer(
        self, method: str, path: str, headers: dict[str, str], query: dict[str, str], body: bytes
    ) -> Json | bytes:
        raise NotImplementedError

    def _error(self, exc: ApiError) -> Json:
        raise NotImplementedError

    def _batch(self, batch_id: str) -> FakeBatch:
        if batch_id not in self.batches:
            raise ApiError(404, f"No batch found with id '{batch_id}'.")
        return self.batches[batch_id]


def refuse(status: int) -> None:
    """Answer with this status: for `before` and `after`."""
    raise ApiError(status, "As you wish.")
