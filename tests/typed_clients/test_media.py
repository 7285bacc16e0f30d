"""What comes from npm sends files, and reads what is made: OpenAI's package and ServiceStack's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.acceptance.system.stack import Stack
from tests.typed_clients.conftest import MODULES, Fetch, Run

PROGRAMS = Path(__file__).parent / "programs"


@pytest.mark.parametrize("name", ["media_openai.mjs", "media_servicestack.mjs"])
def test_files_of_a_package_of_npm(
    stack: Stack, fetch: Fetch, run: Run, tmp_path: Path, name: str
) -> None:
    fetch("mjs", "dtos.mjs")
    shutil.copy(PROGRAMS / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    env = {"URL": stack.url, "KEY": stack.api_key}
    assert "all well" in run("node", name, env=env)
