"""A process does not keep what it has freed."""

from __future__ import annotations

import subprocess
import sys

#: Large blocks come and go, and of each time something small stays: prints what is left (MB).
_PROCESS = """
import sys
from shared.freed_memory import give_back_freed

if sys.argv[1] == "give back":
    give_back_freed()

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 // 1_000_000

large = [b"x" * 30_000_000]
large.clear()
kept, blocks, before = [], [], resident()
for _ in range(40):
    blocks.append(b"x" * 2_000_000)
    kept.append(b"x" * 300_000)
del blocks
print(resident() - before)
"""


def test_large_blocks_go_back_to_the_machine() -> None:
    assert _left("give back") < 30
    # Else this test would say nothing.
    assert _left("keep") > 60


def _left(what: str) -> int:
    run = subprocess.run(
        [sys.executable, "-c", _PROCESS, what], capture_output=True, text=True, check=True
    )
    return int(run.stdout)
