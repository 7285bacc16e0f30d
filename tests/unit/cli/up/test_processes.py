"""The command lines: the same in `replyto up`, the Procfile and docker-compose.yml."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from cli.console import Console
from cli.up import banner, processes
from shared.settings import Settings

ROOT = Path(__file__).parents[4]


@pytest.fixture
def settings() -> Settings:
    return Settings(chat_processes=2, chat_concurrency=50, callback_concurrency=60)


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()
    return dict(re.split(r":\s*", line, maxsplit=1) for line in lines if re.match(r"\w+:", line))


def options(argv: list[str]) -> list[str]:
    """The command line without what differs on purpose: interpreter, node name, concurrency.

    `up` may be called in a folder that has a package of our names; the others run plain Celery.
    """
    skipped = {i + 1 for i, word in enumerate(argv) if word in {"-n", "-c"}}
    kept = (word for i, word in enumerate(argv) if i not in skipped | {0} and word != "-P")
    return sorted("celery" if word == "workers" else word for word in kept)


def test_workers_are_named_and_sized_by_the_settings(settings: Settings) -> None:
    workers = processes.workers(settings)
    assert list(workers) == ["chat1", "chat2", "completion", "callbacks"]
    assert "chat2@%h" in workers["chat2"]
    assert workers["chat1"][workers["chat1"].index("-c") + 1] == "50"
    assert workers["callbacks"][workers["callbacks"].index("-c") + 1] == "60"


def test_procfile_runs_the_same_processes_as_up(settings: Settings) -> None:
    expected = {
        "gateway": processes.gateway(),
        "chat": processes.chat(settings),
        "completion": processes.completion(),
        "callbacks": processes.callbacks(settings),
    }
    written = {name: shlex.split(command) for name, command in procfile().items()}
    assert written.keys() == expected.keys()
    for name, argv in expected.items():
        assert options(written[name]) == options(argv), name


def test_compose_file_runs_the_same_processes_as_up(settings: Settings) -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    lines = re.findall(r"^    command: \[(.*)\]$", text, re.MULTILINE)
    commands = [[w.strip('"') for w in re.findall(r'"[^"]*"|[^,\s]+', line)] for line in lines]
    written = [options(command) for command in commands]
    workers = (processes.chat(settings), processes.completion(), processes.callbacks(settings))
    for argv in (processes.gateway(), *workers):
        assert options(argv) in written


def test_children_run_with_the_interpreter_of_the_command(settings: Settings) -> None:
    commands = [processes.gateway(), processes.demo_llm(1), *processes.workers(settings).values()]
    assert {argv[0] for argv in commands} == {sys.executable}


def test_example_curl_survives_a_shell_with_its_body_intact() -> None:
    words = shlex.split(banner.example_curl("http://127.0.0.1:5006", "ak-1", "it's:8b"))
    assert words[1] == "http://127.0.0.1:5006/api/QueueOpenAiChatCompletion"
    assert '"model": "it\'s:8b"' in words[-1]
    assert "?order=42" in words[-1]


def test_banner_says_that_the_demo_llm_is_one(tmp_path: Path) -> None:
    facts = banner.ReadyFacts(
        url="http://127.0.0.1:5006",
        api_key="ak-1",
        auth_secret_place=f"in {tmp_path}",
        models=[f"model-{n}" for n in range(30)],
        demo=True,
        took_s=1.0,
    )
    text = banner.render(facts, Console(color=False))
    assert "not real models" in text
    assert "http://127.0.0.1:5006/Chat" in text
    assert "http://127.0.0.1:5006/admin" in text
    assert "and 18 more" in text
    assert (
        max(len(line) for line in text.splitlines() if "model-" in line and "-d" not in line) < 100
    )
