"""Writes `docs/capacity.md` from the reports of a full run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import machine
from bench.document import goals_table, section
from bench.result import Report

PATH = Path(__file__).resolve().parents[2] / "docs" / "capacity.md"

_PAGE = """\
# Capacity

How much ReplyTo holds: how many jobs wait without anybody noticing, and how many calls are in
flight at once. Written by `python -m bench.capacity` on {day}; do not edit.

{facts}

The servers, the workers, Redis, the LLM and the clients share this machine. Ratios compare what was
measured in the same run; in brackets are the lowest and the highest of the rounds.

## Goals

{goals}

{sections}
## How to run it

```
python -m bench.capacity                # both, about seven minutes; rewrites this page
python -m bench.capacity backlog        # one of: backlog, in-flight; prints only
python -m bench.capacity --quick        # a tenth of the jobs; prints only
```

Each measurement starts its own processes on free ports of the loopback in a temporary directory,
ends them all, and gives up by itself when something hangs. Its exit status is not 0 when a goal is
missed. Memory and CPU times are read from `/proc`, so they are shown on Linux only.
"""


def write(reports: Sequence[Report], load: float) -> None:
    """Replace the page. `load`: the machine's load average when the run began."""
    known = [*machine.facts(), ("load average when it began", f"{load:.1f} (idle: about 0)")]
    text = _PAGE.format(
        day=datetime.now(UTC).date().isoformat(),
        facts="\n".join(f"- {name}: {value}" for name, value in known),
        goals=goals_table([goal for report in reports for goal in report.goals]),
        sections="\n".join(map(section, reports)),
    )
    PATH.write_text(text, "utf-8")
