"""Why a command reached nobody, or cannot listen: one sentence of plain words."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main

_ASKING = [
    pytest.param(("chat", "Hi", "--key", "ak-1"), id="a call of the API"),
    pytest.param(("dtos", "python"), id="typed DTOs"),
    pytest.param(("health",), id="health"),
]


class _Quiet(BaseHTTPRequestHandler):
    """Answers in HTTP to whatever comes, and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def plain_http() -> Iterator[int]:
    """The port of a server that speaks no TLS."""
    with HTTPServer(("127.0.0.1", 0), _Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def _told(*words: str) -> str:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1, done.output
    assert "Errno" not in done.output
    assert "Error(" not in done.output
    return done.output


@pytest.mark.parametrize("command", _ASKING)
def test_nobody_there_is_said_in_the_systems_words(command: tuple[str, ...]) -> None:
    told = _told(*command, "--url", "http://127.0.0.1:1")
    assert told == "Error: no answer from http://127.0.0.1:1: Connection refused\n"


@pytest.mark.parametrize("command", _ASKING)
def test_https_where_there_is_no_tls_is_told_with_its_cure(
    command: tuple[str, ...], plain_http: int
) -> None:
    told = _told(*command, "--url", f"https://127.0.0.1:{plain_http}")
    assert "it does not speak TLS; the URL is to begin with http://" in told


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("demo-llm",), id="the demo LLM"),
        pytest.param(("callbacks", "listen"), id="a receiver"),
    ],
)
def test_a_port_that_is_taken_is_told_with_its_cure(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "callback_secret").write_text("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n")
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = _told(*command, "--port", str(port))
    assert told == (
        f"Error: cannot listen on 127.0.0.1:{port}: Address already in use; choose another one "
        "with --port\n"
    )
