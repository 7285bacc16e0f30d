"""Writes `docs/benchmarks.md` from the reports of a full run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench import machine
from bench.result import Goal, Report

PATH = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"

_HEAD = """\
# Benchmarks

Written by `make bench` on {day}; do not edit.

{facts}

Everything shares one machine: the servers, the workers, Redis, the LLM and the load generator. So
the absolute numbers say little about another machine, and the **ratios** are what counts. The
contenders of a table are measured in turns (A B, B A, A B, …) within one run; shown is the median
of the rounds, with the lowest and the highest in brackets. A ratio is taken round by round.

## Goals

{goals}
"""

_TAIL = """\
## How to run it

```
make bench                                  # everything; rewrites this page
make bench ARGS="pipeline"                  # one of: {names}
make bench ARGS="streams --update"          # rewrites its part of this page
make bench ARGS="--quick"                   # shorter and less exact; prints only
make bench ARGS="sync --litellm --litellm-python /path/to/venv/bin/python"
```

The last one puts LiteLLM's proxy beside ReplyTo; that virtual environment needs
`pip install 'litellm[proxy]'`, which is no dependency of ReplyTo. Each benchmark starts its own
processes on free ports of the loopback in a temporary directory, and ends them all. CPU times are
read from `/proc`, so they are shown on Linux only.
"""


def write(reports: Sequence[Report], names: Sequence[str], load: float) -> None:
    """Replace the page. `load`: the machine's load average when the run began."""
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(render(reports, names, load), "utf-8")


def render(reports: Sequence[Report], names: Sequence[str], load: float) -> str:
    """Return the page."""
    known = [*machine.facts(), ("load average when it began", f"{load:.1f} (idle: about 0)")]
    facts = "\n".join(f"- {name}: {value}" for name, value in known)
    head = _HEAD.format(
        day=datetime.now(UTC).date().isoformat(),
        facts=facts,
        goals=goals_table([goal for report in reports for goal in report.goals]),
    )
    parts = [head, *map(section, reports), _TAIL.format(names=", ".join(names))]
    return "\n".join(parts)


def update(report: Report, names: Sequence[str], load: float) -> None:
    """Put one benchmark's part into the page and leave the others as they were measured."""
    PATH.write_text(with_section(PATH.read_text("utf-8"), report, names, load), "utf-8")


def with_section(page: str, report: Report, names: Sequence[str], load: float) -> str:
    """Return the page with this report's section and goals, in place of older ones."""
    day = datetime.now(UTC).date().isoformat()
    note = f"Measured by itself on {day}; load average when it began {load:.1f}."
    dated = replace(report, notes=(*report.notes, note))
    head, *sections = page.split("\n## ")
    parts = {text.partition("\n")[0]: text for text in sections}
    parts[report.title] = section(dated).removeprefix("## ")
    goals = parts.pop("Goals")
    del parts["How to run it"]
    tail = _TAIL.format(names=", ".join(names)).removeprefix("## ")
    ordered = [head, _with_goals(goals, report.goals), *parts.values(), tail]
    return "\n## ".join(text.rstrip("\n") + "\n" for text in ordered)


def _with_goals(text: str, goals: Sequence[Goal]) -> str:
    """Return the table of goals with these, in place of older ones of the same names."""
    fresh = [f"| {goal.what} |" for goal in goals]
    kept = [line for line in text.rstrip().splitlines() if not line.startswith(tuple(fresh))]
    return "\n".join([*kept, *goals_table(goals).splitlines()[2:]])


def goals_table(goals: Sequence[Goal]) -> str:
    """Return what was to be reached, and what was."""
    rows = [
        (
            goal.what,
            f"{goal.value.show(2)} {goal.unit}",
            f"{goal.bound(goal.now)}: {_yes(goal, goal.now)}",
            f"{goal.bound(goal.later)}: {_yes(goal, goal.later)}" if goal.later else "-",
        )
        for goal in goals
    ]
    return _table(("what", "measured", "to reach", "later"), rows)


def _yes(goal: Goal, bound: float) -> str:
    return "reached" if goal.reaches(bound) else "**not reached**"


def section(report: Report) -> str:
    """Return one benchmark's part of the page."""
    notes = "".join(f"\n{note}\n" for note in report.notes)
    table = _table(report.columns, report.rows)
    return f"## {report.title}\n\n{report.about}\n\n{table}\n{notes}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
