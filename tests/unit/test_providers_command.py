"""`replyto providers`, on a real Redis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner, Result

from cli.main import main
from shared.registry_store import RegistryStore
from tests.conftest import RedisServer

pytestmark = pytest.mark.integration

Run = Callable[..., Result]

FILE = """
[[provider]]
name = "acme"
base_url = "http://127.0.0.1:1/v1"
models = ["m"]
"""


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

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(main, ["providers", *args])

    return invoke


def test_apply_makes_the_registry_equal_the_file(run: Run, real_redis: redis.Redis) -> None:
    assert (run("diff").exit_code, run("diff").output) == (1, "+ acme\n")
    assert "1 changed" in run("apply").output
    assert run("diff").exit_code == 0
    assert RegistryStore(real_redis).read()[1].providers[0].name == "acme"
    assert "acme  online" in run("list").output


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
