"""ServiceStack's own tool fetches each language's file, and updates it with the options in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.system.stack import Stack
from tests.typed_clients.conftest import MODULES, Run

_QUIET = {"SERVICESTACK_TELEMETRY_OPTOUT": "1"}


@pytest.mark.parametrize(
    ("tool", "file", "mark"),
    [
        ("csharp-ref", "Shop.dtos.cs", "//"),
        ("fsharp-ref", "Shop.dtos.fs", "//"),
        ("vbnet-ref", "Shop.dtos.vb", "''"),
        ("typescript-ref", "Shop.dtos.ts", "//"),
        ("typescriptd-ref", "Shop.dtos.d.ts", "//"),
        ("java-ref", "Shop.dtos.java", "//"),
        ("kotlin-ref", "Shop.dtos.kt", "//"),
        ("swift-ref", "Shop.dtos.swift", "//"),
        ("dart-ref", "Shop.dtos.dart", "//"),
    ],
)
def test_cli_fetches_and_updates(
    stack: Stack, run: Run, tmp_path: Path, tool: str, file: str, mark: str
) -> None:
    script = MODULES / f"@servicestack/cli/bin/{tool}.js"
    assert "Saved to" in run("node", script, stack.url, file, env=_QUIET)
    whole = (tmp_path / file).read_text("utf-8")
    assert f"BaseUrl: {stack.url}" in whole
    assert "WaitForOpenAiChat" in whole

    line = next(line for line in whole.splitlines() if line.startswith(f"{mark}IncludeTypes:"))
    wanted = ("'" if tool.startswith("vb") else "") + "IncludeTypes: QueueOpenAiChatCompletion.*"
    (tmp_path / file).write_text(whole.replace(line, wanted), "utf-8")
    assert "Updated" in run("node", script, file, env=_QUIET)
    part = (tmp_path / file).read_text("utf-8")
    assert wanted in part.splitlines()
    assert "OpenAiMessage" in part
    assert "WaitForOpenAiChat" not in part
