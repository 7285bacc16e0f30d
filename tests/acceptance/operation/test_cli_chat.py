"""`replyto chat`, `queue` and `providers`, at a gateway that they find or are told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from cli import running
from cli.api.gateway import own_url
from cli.main import main
from tests.acceptance.system.stack import Stack
from tests.support.factories import new_settings


@pytest.fixture
def run(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command where `replyto up` has noted the stack's gateway and its keys."""
    for name in [name for name in os.environ if name.startswith("REPLYTO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path))
    (tmp_path / "api_key").write_text(stack.api_key)
    running.note(tmp_path, stack.url)

    def invoke(*args: str, text: str = "") -> Result:
        return CliRunner().invoke(main, args, input=text)

    return invoke


def test_chat_prints_the_answer(run: Any) -> None:
    told = run("chat", "hello", "--model", "demo-instant")
    assert told.exit_code == 0, told.output
    assert told.output.rstrip().endswith("You said: hello")
    assert "hello" in run("chat", "-", "--model", "demo-instant", text="hello").output


def test_answers_keep_their_lines(run: Any) -> None:
    for command in (("chat",), ("queue", "--wait")):
        told = run(*command, "one\n\ttwo", "--model", "demo-instant")
        assert told.output.rstrip().endswith("You said: one\n\ttwo"), told.output


def test_chat_tells_why_there_is_no_answer(run: Any) -> None:
    told = run("chat", "hello", "--model", "nothing")
    assert told.exit_code == 1
    assert "nothing" in told.output


def test_queue_names_the_job_or_waits_for_it(run: Any) -> None:
    told = run("queue", "hello", "--model", "demo-instant", "--tag", "t", "--ref-id", "cli-1")
    assert "cli-1" in told.output
    assert "/api/GetOpenAiChatStatus?RefId=cli-1" in told.output
    told = run("queue", "hello", "--model", "demo-instant", "--wait")
    assert told.output.rstrip().endswith("You said: hello")
    told = run("queue", "hello", "--model", "demo-fail-400", "--wait")
    assert told.exit_code == 1


def test_providers_of_another_gateway_are_shown_and_tried(run: Any, stack: Stack) -> None:
    key = (stack.directory / "auth_secret").read_text("utf-8").strip()
    there = ("--url", stack.url, "--key", key)
    told = run("providers", "list", *there)
    assert told.exit_code == 0, told.output
    assert "\ndemo  online" in f"\n{told.output}"
    told = run("providers", "test", "demo", "--model", "demo-instant", *there)
    assert "You said" in told.output, told.output
    told = run("providers", "enable", "nobody", *there)
    assert (told.exit_code, "nobody" in told.output) == (1, True)


def test_providers_of_another_gateway_are_made_equal_to_a_file(
    run: Any, stack: Stack, tmp_path: Path
) -> None:
    key = (stack.directory / "auth_secret").read_text("utf-8").strip()
    there = ("--url", stack.url, "--key", key)
    file = tmp_path / "there.toml"
    written = (stack.directory / "providers.toml").read_text("utf-8")
    more = (
        '[[provider]]\nname = "beside"\nbase_url = "http://127.0.0.1:9/v1"\nmodels = ["far"]\n'
        "concurrency = 2\n"
        "batch = true\nbatch_price = 0.25\nadaptive = true\n"
        'metrics_url = "http://127.0.0.1:9/metrics"\nmetrics_gauges = ["mine"]\n'
    )
    # What models can be asked is no field of the API.
    file.write_text(written)
    told = run("providers", "apply", str(file), *there)
    assert (told.exit_code, "model_operations cannot be sent" in told.output) == (1, True)

    lines = [line for line in written.splitlines() if not line.startswith("'demo-")]
    same = "\n".join(line for line in lines if "model_operations" not in line)
    try:
        file.write_text(f"{same}\n{more}")
        told = run("providers", "diff", str(file), *there)
        assert (told.exit_code, told.output) == (1, "+ beside\n")
        assert "1 changed" in run("providers", "apply", str(file), *there).output
        file.write_text(f"{same}\n{more.replace('= 2', '= 3')}")
        told = run("providers", "apply", str(file), *there)
        assert "~ beside\n    concurrency: 2 → 3\n" in told.output, told.output
        assert run("providers", "diff", str(file), *there).exit_code == 0
    finally:
        file.write_text(same)
        told = run("providers", "apply", str(file), *there)
    assert "- beside" in told.output
    assert run("providers", "diff", str(file), *there).exit_code == 0


def test_note_of_a_gateway_that_is_gone_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REPLYTO_PORT", "REPLYTO_HOST", "REPLYTO_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    settings = new_settings(data_dir=tmp_path, api_key=SecretStr("k"))
    assert own_url(settings) == "http://127.0.0.1:5006"
    running.note(tmp_path, "http://127.0.0.1:7000")
    assert own_url(settings) == "http://127.0.0.1:7000"
    monkeypatch.setenv("REPLYTO_PORT", "5006")
    assert own_url(settings) == "http://127.0.0.1:5006"
    monkeypatch.delenv("REPLYTO_PORT")
    (tmp_path / "gateway.json").write_text('{"url": "http://x", "pid": 999999999}')
    assert own_url(settings) == "http://127.0.0.1:5006"
    for broken in ("", "[]", '{"url": 1}', "{"):
        (tmp_path / "gateway.json").write_text(broken)
        assert own_url(settings) == "http://127.0.0.1:5006"
    running.note(tmp_path, "http://127.0.0.1:7000")
    running.forget(tmp_path)
    assert not (tmp_path / "gateway.json").exists()
