"""The pages' pure modules, by node's own test runner: the files `js/*.test.mjs` beside this one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from shared.providers.presets import PRESETS

FILES = sorted((Path(__file__).parent / "js").glob("*.test.mjs"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_pure_modules_of_the_pages(file: Path) -> None:
    done = subprocess.run(
        ["node", "--test", str(file)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout


def test_tiles_of_providers_are_the_presets_of_the_file() -> None:
    module = Path(__file__).parents[4] / "gateway/static/js/admin/presets.js"
    script = f"""import {{ PRESETS }} from {json.dumps(module.as_uri())};
        console.log(JSON.stringify(PRESETS))"""
    command = ["node", "--input-type=module", "-e", script]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    assert {
        name: (one["type"], one["baseUrl"], one["key"], one.get("header"), "here" in one)
        for name, one in told.items()
    } == {
        name: (
            one.type,
            one.base_url or "",
            one.api_key_env is not None,
            one.api_key_header,
            one.proxy is not None,
        )
        for name, one in PRESETS.items()
    }
