"""A short run of the fault suite; `make chaos` makes a long one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.chaos import report
from tests.acceptance.chaos.run import ChaosRun, Plan, short
from tests.acceptance.chaos.schedule import KINDS

#: Long enough to kill everything once; the jobs of the killed chat worker need another 30 s.
PLAN = short(Plan(seed=3, seconds=16.0, rate=8.0, settle_s=200.0))


@pytest.fixture
def chaos(tmp_path: Path) -> ChaosRun:
    return ChaosRun(PLAN, tmp_path / "chaos", print)


def test_nothing_is_lost_or_doubled_when_everything_is_killed_under_load(
    chaos: ChaosRun, record_property: Callable[[str, object], None]
) -> None:
    run, audit = chaos()
    table = report.as_text(run, audit)
    record_property("recovery_s", round(audit.longest_recovery_s, 1))
    assert all(audit.kills[kind] >= 1 for kind in KINDS), table
    assert min(audit.accepted.total(), audit.completed) > 50, table
    assert (audit.lost, audit.doubled) == (0, 0), table
