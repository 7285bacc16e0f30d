"""`replyto up` before anything is started: each wrong setting is one clear line."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import COMMANDS, main
from cli.up.data_lock import data_lock


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path / "data"))
    # StopSignals is for a process of its own.
    monkeypatch.setattr("signal.signal", lambda *_: None)


def up(**env: str) -> Result:
    return CliRunner().invoke(main, ["up"], env={f"REPLYTO_{k}": v for k, v in env.items()})


def test_up_names_the_setting_that_is_wrong_and_exits_with_2() -> None:
    result = up(PORT="many")
    assert result.exit_code == 2
    assert result.output.startswith("replyto up: REPLYTO_PORT: ")
    assert len(result.output.splitlines()) == 1


def test_up_names_the_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = up(PORT=str(port))
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in result.output
    assert "REPLYTO_PORT" in result.output


def test_up_refuses_a_data_directory_in_use(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with data_lock(tmp_path / "data"):
        result = up()
    assert result.exit_code == 1
    assert "another 'replyto up'" in result.output


def test_up_names_the_file_that_it_may_not_write(tmp_path: Path) -> None:
    lock = tmp_path / "data" / "up.lock"
    lock.mkdir(parents=True)
    result = up()
    assert result.exit_code == 1
    assert result.output.startswith("replyto up: REPLYTO_DATA_DIR: ")
    assert str(lock) in result.output


def test_up_names_the_redis_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    result = up(PORT=str(port), REDIS_URL="redis://:hidden@127.0.0.1:1/0")
    assert result.exit_code == 1
    assert "REPLYTO_REDIS_URL: no Redis answers at redis://127.0.0.1:1/0" in result.output
    assert "hidden" not in result.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            '[[provider]]\npreset = "ollama"\nmodles = ["m"]\n',
            "provider 'ollama': modles: there is no such field; did you mean models?",
            id="a provider",
        ),
        pytest.param("[price.m]\ninput = -1\n", '[price."m"]: input: must be', id="a price"),
    ],
)
def test_up_names_what_is_wrong_in_the_providers_file_and_starts_nothing(
    text: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "providers.toml").write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    result = up(PORT=str(port))
    assert result.exit_code == 1
    assert f"replyto up: {tmp_path / 'providers.toml'}: {told}" in result.output
    assert not (tmp_path / "data" / "redis").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output
