"""A client that another generator makes of the OpenAPI document makes calls that work."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.system.stack import Stack
from tests.typed_clients.conftest import MODULES, Run, put


def test_openapi_typescript(stack: Stack, run: Run, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    put(tmp_path, "programs/generated.ts")
    document = f"{stack.url}/openapi.json"
    run("node", MODULES / "openapi-typescript/bin/cli.js", document, "-o", "openapi.ts")
    strict = ("--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck")
    run("node", MODULES / "typescript/bin/tsc", *strict, "generated.ts")
    said = run("node", "generated.js", stack.url, stack.api_key, "demo-instant")
    told = dict(line.split(": ", 1) for line in said.splitlines())
    assert told["sync"].endswith("Hello!")
    assert told["queued"] == "true"
    assert told["status"] == "Completed"
    assert told["error"].isalpha()
    assert told["file"] == "5"
