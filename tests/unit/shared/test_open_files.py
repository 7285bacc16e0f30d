"""The limit of open files."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import resource
from shared.open_files import allow_many_connections
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
allow_many_connections()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "after"),
    [
        pytest.param(256, 2048, "2048 2048", id="raised to what is allowed"),
        pytest.param(512, 512, "512 512", id="left when no more is allowed"),
    ],
)
def test_limit_of_open_files_is(soft: int, hard: int, after: str) -> None:
    program = _PROGRAM.format(soft=soft, hard=hard)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == after
