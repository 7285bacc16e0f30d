"""The least of the machine's memory and what its control groups leave."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.memory import memory_bytes

MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
SMALL = 64 * 1024**2


@pytest.mark.parametrize(
    ("membership", "limits", "expected"),
    [
        pytest.param("0::/app/one\n", {"app/one/memory.max": SMALL}, SMALL, id="own group"),
        pytest.param(
            "0::/app/one\n",
            {"app/one/memory.max": "max", "app/memory.max": SMALL},
            SMALL,
            id="group above",
        ),
        pytest.param(
            "0::/docker/of-the-host\n", {"memory.max": SMALL}, SMALL, id="container is the root"
        ),
        pytest.param(
            "4:cpu:/x\n5:memory:/x\n0::/\n",
            {"memory/x/memory.limit_in_bytes": SMALL},
            SMALL,
            id="first version of control groups",
        ),
        pytest.param(
            "5:memory:/\n",
            {"memory/memory.limit_in_bytes": 9223372036854771712},
            MACHINE,
            id="first version without a limit",
        ),
        pytest.param("0::/\n", {"memory.max": "max"}, MACHINE, id="no limit"),
        pytest.param("0::/\n", {}, MACHINE, id="no files"),
    ],
)
def test_memory_is_the_least_that_anything_leaves(
    tmp_path: Path, membership: str, limits: dict[str, object], expected: int
) -> None:
    (tmp_path / "cgroup").write_text(membership)
    for name, limit in limits.items():
        file = tmp_path / "groups" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{limit}\n")
    assert memory_bytes(tmp_path / "groups", tmp_path / "cgroup") == expected


def test_memory_is_the_machines_where_there_are_no_control_groups(tmp_path: Path) -> None:
    assert memory_bytes(tmp_path, tmp_path / "none") == MACHINE
