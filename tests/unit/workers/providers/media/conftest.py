"""A server that answers with any bytes, and calls of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.media import request as media_request
from shared.operation import Operation
from tests.support import drawing
from tests.support.drawing import FILE, PICTURE, FakeDesk
from tests.unit.workers.providers.media.asking import Ask, Json
from tests.upstreams import wire
from tests.upstreams.server import Asked, RawUpstream
from workers.media.pictures.automatic1111 import Automatic1111Dialect
from workers.providers.openai import OpenAiDialect


@pytest.fixture
def upstream() -> Iterator[RawUpstream]:
    server = RawUpstream({}).start()
    yield server
    server.stop()


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def ask(upstream: RawUpstream, desk: FakeDesk) -> Ask:
    def asked(operation: Operation, *pieces: bytes, kind: str = "openai", **fields: Any) -> Json:
        """Ask one that answers with these bytes, and at GET with a picture that is cut."""

        def reply(request: Asked) -> list[bytes]:
            if request.method == "GET":
                return [wire.head("image/png"), PICTURE[:-20]]
            return list(pieces)

        upstream.replies["p"] = reply
        about = {"type": kind, "base_url": upstream.base_url("p"), "models": ["m"]}
        dialect: Any = {"openai": OpenAiDialect(), "automatic1111": Automatic1111Dialect()}[kind]
        files = [FILE] if operation is Operation.IMAGE_TO_TEXT else []
        stored = media_request.compose({"model": "m", **fields}, files)
        return drawing.ask(dialect, about, operation, stored, desk=desk)[0]

    return asked
