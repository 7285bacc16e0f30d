"""llama.cpp's server with a random model, behind a whole ReplyTo: `make test-llama`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from cli.ports import free_port
from tests.acceptance.system.api import Api
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack

#: The Python that has `llama-cpp-python[server]` and `gguf`; `make test-llama` names it.
PYTHON = os.environ.get("REPLYTO_TEST_LLAMA_PYTHON", "")
_FOLDER = Path(__file__).parent

collect_ignore_glob = [] if PYTHON else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if _FOLDER in item.path.parents:
            item.add_marker(pytest.mark.llama)


@pytest.fixture(scope="session")
def llama_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start llama.cpp's server; return its base URL."""
    folder, port = tmp_path_factory.mktemp("llama"), free_port()
    model = folder / "nonsense.gguf"
    subprocess.run([PYTHON, str(_FOLDER / "random_model.py"), str(model)], check=True)
    argv = [PYTHON, "-m", "llama_cpp.server", "--model", str(model), "--port", str(port)]
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT) as server,
    ):
        url = f"http://127.0.0.1:{port}/v1"
        try:
            until(lambda: _answers(url), "llama.cpp answers", within_s=60)
            yield url
        finally:
            server.kill()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/models", timeout=2).ok
    except requests.RequestException:
        return False


@pytest.fixture(scope="session")
def llama_stack(tmp_path_factory: pytest.TempPathFactory, llama_url: str) -> Iterator[Stack]:
    """Start a whole ReplyTo whose one provider is llama.cpp, one call at a time."""
    provider = f'[[provider]]\nname = "llama"\nbase_url = "{llama_url}"\nconcurrency = 1\n'
    with Stack(
        tmp_path_factory.mktemp("stack"), demo_models=(), providers=f'{provider}models = ["n"]\n'
    ) as stack:
        yield stack.open()


@pytest.fixture
def llama_api(llama_stack: Stack) -> Iterator[Api]:
    """A session at its gateway."""
    with llama_stack.api() as api:
        yield api
