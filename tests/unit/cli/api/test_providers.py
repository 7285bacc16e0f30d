"""`replyto providers`, on a real Redis."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner, Result

from cli.main import main
from cli.wsgi_thread import Environ, StartResponse, body_of
from shared.providers.health import Health, Standing
from shared.providers.health_store import HealthStore
from shared.providers.registry_store import RegistryStore
from tests.conftest import RedisServer
from tests.support.servers.fake_server import FakeServer

pytestmark = pytest.mark.integration

Run = Callable[..., Result]
ADMIN = "the-admin-secret-of-this-test"

FILE = """
[[provider]]
name = "acme"
base_url = "http://127.0.0.1:1/v1"
models = ["m"]
"""


class CannedGateway(FakeServer):
    """Answers as told, and notes what it was asked: path, authorization, body."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: tuple[int, Any] = (200, {})
        self.asked: list[tuple[str, str, Any]] = []

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = json.loads(body_of(environ))
        self.asked.append((environ["PATH_INFO"], environ["HTTP_AUTHORIZATION"], body))
        status, value = self.answer
        start_response(f"{status} Answer", [("content-type", "application/json")])
        return [json.dumps(value).encode()]


@pytest.fixture
def gateway() -> Iterator[CannedGateway]:
    gateway = CannedGateway()
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def run(
    tmp_path: Path,
    redis_server: RedisServer,
    real_redis: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    file = tmp_path / "providers.toml"
    file.write_text(FILE, "utf-8")
    monkeypatch.setenv("REPLYTO_REDIS_URL", redis_server.url)
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REPLYTO_PROVIDERS_FILE", str(file))
    monkeypatch.setenv("REPLYTO_AUTH_SECRET", ADMIN)

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(main, ["providers", *args])

    return invoke


def test_apply_makes_the_registry_equal_the_file(run: Run, real_redis: redis.Redis) -> None:
    assert (run("diff").exit_code, run("diff").output) == (1, "+ acme\n")
    assert "1 changed" in run("apply").output
    assert run("diff").exit_code == 0
    assert RegistryStore(real_redis).read()[1].providers[0].name == "acme"
    assert "acme  online" in run("list").output


def test_words_of_a_provider_do_not_steer_the_terminal(
    run: Run, real_redis: redis.Redis, gateway: CannedGateway
) -> None:
    run("apply")
    down = Health(standing=Standing.OFFLINE, reason="it said \x1b[2J")
    HealthStore(real_redis).set("acme", down)
    assert "it said \\x1b[2J" in run("list").output
    gateway.answer = (200, {"choices": [{"message": {"content": "hello\x1b[2J"}}]})
    assert "hello\\x1b[2J" in run("test", "acme", "--url", gateway.url).output


def test_list_here_and_elsewhere_has_two_lines_a_provider(run: Run, gateway: CannedGateway) -> None:
    run("apply")
    row = {"name": "acme", "status": "online", "enabled": True, "aiTypeId": "openai"}
    more = {"priority": 0, "origin": "file", "models": [{"model": "m"}]}
    gateway.answer = (200, {"results": [row | more]})
    here, elsewhere = run("list"), run("list", "--url", gateway.url)
    assert [len(one.output.splitlines()) for one in (here, elsewhere)] == [2, 2]


def test_disable_and_enable_switch_a_provider(run: Run) -> None:
    run("apply")
    assert run("disable", "acme").output == "acme is disabled.\n"
    assert "acme  disabled" in run("list").output
    assert "enabled: False → True" in run("diff").output
    run("enable", "acme")
    assert "acme  online" in run("list").output


def test_wrong_names_and_files_are_told(run: Run, tmp_path: Path) -> None:
    assert "no provider 'nobody'" in run("disable", "nobody").output
    assert "there is no" in run("apply", str(tmp_path / "none.toml")).output
    (tmp_path / "bad.toml").write_text(FILE + "concurency = 3\n", "utf-8")
    bad = run("apply", str(tmp_path / "bad.toml"))
    assert bad.exit_code == 1
    assert "concurency" in bad.output


def test_test_asks_the_gateway_and_tells_what_the_provider_answered(
    run: Run, gateway: CannedGateway
) -> None:
    run("apply")
    gateway.answer = (200, {"choices": [{"message": {"content": "hello"}}]})
    told = run("test", "acme", "--prompt", "Hi", "--url", gateway.url)
    assert (told.exit_code, told.output.splitlines()[-1]) == (0, "hello")
    ((path, authorization, body),) = gateway.asked
    assert path == "/api/ChatAiProvider"
    assert authorization == f"Bearer {ADMIN}"
    assert body == {"provider": "acme", "model": "m", "prompt": "Hi"}


def test_test_tells_why_the_provider_did_not_answer(run: Run, gateway: CannedGateway) -> None:
    run("apply")
    assert "no provider 'nobody'" in run("test", "nobody", "--url", gateway.url).output
    assert gateway.asked == []
    gateway.answer = (502, {"error": {"message": "it could not be reached"}})
    failed = run("test", "acme", "--url", gateway.url)
    assert (failed.exit_code, "it could not be reached" in failed.output) == (1, True)
    gone = run("test", "acme", "--url", "http://127.0.0.1:1")
    assert (
        gone.exit_code,
        "no answer from http://127.0.0.1:1: Connection refused" in gone.output,
    ) == (1, True)
