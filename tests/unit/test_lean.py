"""Each lean step can be left to its library, alone and all together, and all goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
import requests

from cli.wsgi_thread import Environ, ServerThread, StartResponse
from gateway.lean import STEPS as OF_GATEWAYS
from shared.lean import Step, without
from shared.store.client import connect
from tests.conftest import RedisServer
from tests.support.factories import new_settings
from tests.support.gateway_client import build
from workers.lean import STEPS as OF_WORKERS
from workers.providers.connections import Adapter

STEPS = tuple(dict.fromkeys((*OF_GATEWAYS, *OF_WORKERS)))
ALL = Step("all", tuple(part for step in STEPS for part in step.parts))
_each_and_all = pytest.mark.parametrize("step", [*STEPS, ALL], ids=lambda step: step.name)


@_each_and_all
def test_without_a_step_the_librarys_way_is_found_and_ours_comes_back(step: Step) -> None:
    ours = [vars(part.owner)[part.name] for part in step.parts]
    with without(step):
        for part, our in zip(step.parts, ours, strict=True):
            assert vars(part.owner).get(part.name) is not our
            # A mixin alone has none; what it is mixed into has the library's.
            inherited = getattr(part.owner, part.name, None)
            assert inherited is None or inherited is not our
    assert [vars(part.owner)[part.name] for part in step.parts] == ours


@_each_and_all
def test_gateway_answers_the_same_without_a_step(step: Step, fake_redis: redis.Redis) -> None:
    def asked() -> list[tuple[int, object]]:
        client = build(fake_redis, new_settings()).client
        answers = [
            client.get("/livez"),
            client.get("/v1/models"),
            client.get("/api/GetOpenAiChatStatus", query_string={"id": "7"}),
            client.post("/v1/chat/completions", json={"model": "none", "messages": []}),
            client.post("/v1/nothing", data="x", content_type="text/plain"),
            client.open("/livez", method="OPTIONS"),
        ]
        return [(one.status_code, one.headers["Content-Type"]) for one in answers]

    lean = asked()
    with without(step):
        assert asked() == lean


@pytest.mark.integration
@pytest.mark.parametrize(
    "step", [*(s for s in STEPS if s.name.startswith("redis")), ALL], ids=lambda step: step.name
)
def test_redis_is_asked_without_a_step(step: Step, redis_server: RedisServer) -> None:
    with (
        without(step),
        connect(redis_server.url, timeout_s=10, name="test", max_connections=1) as client,
    ):
        client.set("lean", "no")
        assert client.get("lean") == b"no"
        with client.pipeline() as pipeline:
            assert pipeline.incr("n").incr("n").execute() == [1, 2]
        client.connection_pool.disconnect()
        assert client.get("lean") == b"no"
        client.delete("lean", "n")
        client.connection_pool.disconnect()


def _echo(environ: Environ, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Set-Cookie", "a=b")])
    return [environ["REQUEST_METHOD"].encode(), environ["wsgi.input"].read()]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    thread = ServerThread(_echo)
    thread.start()
    yield f"http://127.0.0.1:{thread.port}/"
    thread.stop()


@pytest.mark.parametrize("step", [*OF_WORKERS[:4], ALL], ids=lambda step: step.name)
def test_provider_is_asked_without_a_step(step: Step, server: str) -> None:
    with without(step), requests.Session() as session:
        session.mount("http://", Adapter())
        for body in ("ü" * 3, "x" * 100_000):
            answer = session.post(server, data=body.encode(), timeout=10)
            assert (answer.status_code, answer.encoding) == (200, "utf-8")
            assert answer.text == f"POST{body}"
