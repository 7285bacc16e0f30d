"""A short run of the fault suite; `make chaos` makes a long one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.chaos import report
from tests.acceptance.chaos.run import ChaosRun, Plan, short
from tests.acceptance.chaos.schedule import KINDS

SEED = 3


@pytest.mark.timeout(150)
def test_everything_is_killed_under_load_and_nothing_is_lost_or_doubled(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chaos = ChaosRun(
        short(Plan(SEED, seconds=18.0, rate=8.0, settle_s=60.0)), tmp_path / "chaos", print
    )
    run, audit = chaos()
    print(report.as_text(run, audit))
    record_property("recovery_s", round(audit.longest_recovery_s, 1))
    assert all(audit.kills[kind] >= 1 for kind in KINDS)
    assert audit.accepted.total() > 100
    assert audit.completed > 100
    assert (audit.lost, audit.doubled) == (0, 0), list(report.findings(audit))
