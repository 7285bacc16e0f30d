"""The running gateway that generated files are fetched from, and the languages' tools.

`make test-types` installs what comes from npm and says where; without it these tests are not
collected. A language whose compiler is missing is skipped, and its name told.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NoReturn

import pytest
import requests

from tests.acceptance.system.stack import Stack

#: The folder with `node_modules`; set by make.
TOOLS = os.environ.get("REPLYTO_TEST_TYPES", "")
#: Whether the slow compilers (Kotlin, F#, Go, Rust, Zig) are asked for too.
SLOW = bool(os.environ.get("REPLYTO_TEST_TYPES_SLOW"))
HERE: Final = Path(__file__).parent
MODULES: Final = Path(TOOLS) / "node_modules"
_LIMIT_S: Final = 1700

Run = Callable[..., str]
Fetch = Callable[..., Path]

collect_ignore_glob = [] if TOOLS else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(
        tmp_path_factory.mktemp("stack"),
        demo_models=("demo-instant", "demo-image", "demo-speech", "demo-transcribe"),
    ) as stack:
        yield stack.open()


@pytest.fixture
def fetch(stack: Stack, tmp_path: Path) -> Fetch:
    """Return what puts a language's file into the test's folder."""

    def put(language: str, file: str, query: str = "") -> Path:
        answer = requests.get(f"{stack.url}/types/{language}{query}", timeout=60)
        assert answer.status_code == 200, answer.text
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(answer.text, "utf-8")
        return tmp_path / file

    return put


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return what runs a command in the test's folder and returns what it printed."""

    def call(*command: str | Path, env: dict[str, str] | None = None) -> str:
        if shutil.which(str(command[0])) is None:
            missing(str(command[0]))
        done = subprocess.run(
            list(map(str, command)),
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{said[-4000:]}"
        return said

    return call


def missing(tool: str) -> NoReturn:
    """Skip the test for want of a tool; fail it where all compilers are asked for."""
    (pytest.fail if SLOW else pytest.skip)(f"{tool} is not installed")


def put(folder: Path, *files: str) -> None:
    """Copy programs and stubs into a folder."""
    for file in files:
        shutil.copy(HERE / file, folder / Path(file).name)
