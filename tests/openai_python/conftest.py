"""openai-python's own tests of what this gateway offers, run once against a whole ReplyTo.

They are fetched by `make conformance` as the source distribution of the pinned version.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

from tests.acceptance.system.stack import Stack

#: Where the source distribution was unpacked, and beside it what its tests want; set by make.
SOURCE = os.environ.get("REPLYTO_TEST_OPENAI_SOURCE", "")
_FOLDER = Path(__file__).parent
#: As their `conftest.py` has it.
_KEY: Final = "My API Key"
_FILES: Final = (
    "test_models.py",
    "chat",
    "test_completions.py",
    "test_embeddings.py",
    "test_responses.py",
    "responses",
)
#: The models that they name.
_MODELS: Final = ("gpt-6-astra", "gpt-3.5-turbo-instruct", "model")
#: Numbers, also where base64 was asked for: strict, the SDK looks at them before it has decoded it.
_EMBEDDING: Final = {
    "object": "list",
    "model": "text-embedding-3-small",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}],
    "usage": {"prompt_tokens": 9, "total_tokens": 9},
}
_LIMIT_S: Final = 900

collect_ignore_glob = [] if SOURCE else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if _FOLDER in item.path.parents:
            item.add_marker(pytest.mark.acceptance)


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run them; return how each ended: empty for one that passed, else what it said."""
    folder = tmp_path_factory.mktemp("openai-python")
    stack = Stack(
        folder / "stack",
        aliases=dict.fromkeys(_MODELS, "demo-instant"),
        canned={"text-embedding-3-small": (200, json.dumps(_EMBEDDING).encode())},
        settings={"REPLYTO_API_KEY": _KEY},
    )
    stack.api_key = _KEY
    with stack:
        stack.open()
        yield _run(f"{stack.url}/v1", folder / "report.xml")


def _run(base_url: str, report: Path) -> dict[str, str]:
    source = Path(SOURCE)
    files = [f"tests/api_resources/{name}" for name in _FILES]
    argv = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", f"--junitxml={report}"]
    inherited = {n: v for n, v in os.environ.items() if not n.startswith("PYTEST")}
    env = {
        **inherited,
        "TEST_API_BASE_URL": base_url,
        "PYTHONPATH": str(source.parent / "site"),
        # What retrying would only repeat.
        "OPENAI_MAX_RETRIES": "0",
    }
    done = subprocess.run(
        [*argv, "-p", "no:xdist", "-p", "no:cacheprovider", *files],
        cwd=source,
        env=env,
        timeout=_LIMIT_S,
        capture_output=True,
        check=False,
    )
    assert report.exists(), done.stdout.decode() + done.stderr.decode()
    return {_name(case): _said(case) for case in ElementTree.parse(report).iter("testcase")}


def _name(case: ElementTree.Element) -> str:
    file = case.get("classname", "").removeprefix("tests.api_resources.")
    return f"{file}.{case.get('name')}"


def _said(case: ElementTree.Element) -> str:
    found = [*case.findall("failure"), *case.findall("error")]
    return "".join(f"{one.get('message')}\n{one.text}" for one in found)
