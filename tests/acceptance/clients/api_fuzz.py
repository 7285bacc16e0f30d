"""`make fuzz`: schemathesis, with a fixed seed, against a running gateway and its OpenAPI document.

No answer may be a 500, and none may break its schema. 502 to 504 are what calls of models that
cannot be answered come to here: the demo LLM fails when it is asked to.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.acceptance.system.stack import Stack

_SEED = 20261128
_EXAMPLES = 12
_CHECKS = (
    "not_a_server_error,response_schema_conformance,content_type_conformance,"
    "status_code_conformance"
)
_CONFIG = """\
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 501, 502, 503, 504]
"""
#: They wait for what does not come here, go out to other servers, or end the session's own rights.
_LEFT_OUT = "^/(api/(WaitFor|Stream|TestCallback|CancelWorker|Reload|CheckAi|CheckMedia)|metrics)"


def main() -> int:
    """Run; return schemathesis's exit status."""
    command = os.environ.get("REPLYTO_TEST_SCHEMATHESIS", "schemathesis")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {"REPLYTO_SYNC_TIMEOUT_S": "5", "REPLYTO_MAX_ATTEMPTS": "1"}
        with Stack(folder, demo_models=("demo",), settings=settings) as stack:
            stack.open()
            secret = (stack.directory / "auth_secret").read_text("utf-8").strip()
            config = folder / "schemathesis.toml"
            config.write_text(_CONFIG, "utf-8")
            argv = [command, "--config-file", str(config), "run", f"{stack.url}/openapi.json"]
            argv += ["--header", f"Authorization: Bearer {secret}", "--checks", _CHECKS]
            argv += ["--seed", str(_SEED), "--max-examples", str(_EXAMPLES)]
            argv += ["--exclude-path-regex", _LEFT_OUT, "--phases", "examples,fuzzing"]
            argv += ["--request-timeout", "30", "--max-time", "60", "--workers", "2"]
            return subprocess.run([*argv, *sys.argv[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
