"""Shows an audit: as lines for the terminal, and as a table in Markdown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.acceptance.chaos.auditor import (
    RECOVERY_LIMIT_S,
    UNAVAILABLE_LIMIT_S,
    Audit,
)
from tests.acceptance.chaos.judging import Finding
from tests.acceptance.chaos.schedule import KINDS

#: Findings of one sort that are shown.
_SHOWN = 20

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked for, and how long it took."""

    seed: int
    seconds: float
    rate: float
    wild: bool
    settled_s: float
    skipped: int
    #: Times that Sentinels promoted another server.
    failovers: int = 0


def rows(run: Run, audit: Audit) -> list[Row]:
    """Return the table's rows."""
    accepted, failed = audit.accepted, audit.failed
    median_s, p99_s, longest_s = audit.took_s
    repeated, cut = audit.llm_calls_repeated, audit.llm_calls_cut
    return [
        ("seed, duration, rate", f"{run.seed}, {run.seconds:g} s, {run.rate:g} jobs/s + bursts"),
        ("kills", _counted(audit.kills, KINDS)),
        ("freezes", _counted(audit.freezes, sorted(audit.freezes))),
        ("connections dropped", f"{audit.drops} times"),
        ("masters made read-only, disks full", _counted(audit.refusals, ("demote", "fill"))),
        ("failovers", f"{run.failovers}"),
        ("processes that ended by themselves", _counted(audit.ended, sorted(audit.ended))),
        ("accepted", _total(accepted)),
        ("refused: queue full", f"{audit.refused}"),
        ("not sent: too many clients waited", f"{run.skipped}"),
        ("completed", f"{audit.completed}"),
        (
            "failed or cancelled, with a documented reason",
            _total(failed),
        ),
        ("**lost**", f"**{audit.lost}**"),
        ("**doubled**", f"**{audit.doubled}**"),
        ("other than documented", f"{audit.count(Finding.WRONG)}"),
        ("callbacks", f"{audit.callbacks} jobs, {audit.callbacks_repeated} POSTs repeated"),
        ("LLM calls", f"{audit.llm_calls}, of them repeated {repeated}, broken off {cut}"),
        ("**longest recovery** of a killed worker's jobs", _recovery(audit)),
        *_recovery_rows(audit),
        ("gateway takes jobs again after", _seconds(audit.gateway_back)),
        ("slowest 503", f"{audit.slowest_503_s:.1f} s (limit {UNAVAILABLE_LIMIT_S:g} s)"),
        ("failed requests, which clients repeated", _counted(audit.failures, _most(audit))),
        (
            "accepted → final, healthy models",
            f"median {median_s:.1f} s, p99 {p99_s:.1f} s, longest {longest_s:.1f} s",
        ),
        ("settled after the last fault", f"{run.settled_s:.0f} s"),
    ]


def as_text(run: Run, audit: Audit) -> str:
    """Return the table for a terminal, with the findings."""
    table = rows(run, audit)
    width = max(len(_plain(name)) for name, _ in table)
    lines = [f"{_plain(name):<{width}}  {_plain(value)}" for name, value in table]
    return "\n".join([*lines, *findings(audit)])


def as_markdown(run: Run, audit: Audit) -> str:
    """Return the table in Markdown, with the findings."""
    lines = ["| what | result |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows(run, audit)]
    return "\n".join([*lines, "", *(f"- {line}" for line in findings(audit))]).strip() + "\n"


def findings(audit: Audit) -> Iterator[str]:
    """Yield a line for each thing that is not as promised, up to some of each sort."""
    for finding in Finding:
        found = [f for f in audit.found if f.finding is finding]
        yield from (f"{finding}: {f.marker}: {f.what}" for f in found[:_SHOWN])
        if len(found) > _SHOWN:
            yield f"{finding}: … and {len(found) - _SHOWN} more"


def _recovery(audit: Audit) -> str:
    return f"**{audit.longest_recovery_s:.1f} s** (limit {RECOVERY_LIMIT_S:g} s)"


def _recovery_rows(audit: Audit) -> Iterator[Row]:
    for kind, (jobs, longest_s) in sorted(audit.recovery.items()):
        yield f"— {kind} killed", f"{jobs} jobs in hand, longest {longest_s:.1f} s"


def _counted(counts: Counter[str], names: Sequence[str]) -> str:
    return ", ".join(f"{name} {counts[name]}" for name in names) or "none"


def _most(audit: Audit) -> list[str]:
    return [name for name, _ in audit.failures.most_common()]


def _total(counts: Counter[str]) -> str:
    return f"{counts.total()} ({_counted(counts, sorted(counts))})"


def _seconds(by_name: dict[str, float]) -> str:
    return ", ".join(f"{name}: {value:.1f} s" for name, value in sorted(by_name.items())) or "none"


def _plain(text: str) -> str:
    return text.replace("**", "")
