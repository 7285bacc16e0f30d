"""Shows what came of a run, as lines for the terminal and as tables in Markdown. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tests.acceptance.hostile.beside import p95
from tests.acceptance.hostile.samples import Samples


@dataclass(frozen=True, slots=True)
class Result:
    """What was done, what innocents saw (seconds a call), what processes held, what was wrong."""

    seed: int
    seconds: float
    deeds: dict[str, int]
    alone: dict[str, list[float]]
    beside: dict[str, list[float]]
    samples: Samples
    #: RSS of each process (MB) when all had left.
    afterwards: dict[str, float]
    wrong: list[str]

    def findings(self) -> list[str]:
        """Return a line for each thing that is not as it should be."""
        idle = [f"the peer '{name}' did nothing" for name, done in self.deeds.items() if not done]
        return [*self.wrong, *idle, *self.samples.growing(self.afterwards)]


def as_markdown(result: Result) -> str:
    """Return tables, and the findings."""
    what = (
        f"Seed {result.seed}, {result.seconds:g} s, {len(result.deeds)} peers, "
        f"{sum(result.deeds.values()):,} deeds."
    )
    return "\n\n".join(
        [
            what,
            _innocents(result),
            _processes(result),
            "\n".join(f"- {line}" for line in result.findings()) or "Nothing was wrong.",
        ]
    )


def as_text(result: Result) -> str:
    """Return all of it, and what each peer did."""
    deeds = "\n".join(f"{done:>12,}  {name}" for name, done in result.deeds.items())
    return f"{deeds}\n\n{as_markdown(result)}"


def _innocents(result: Result) -> str:
    rows = [
        f"| {name} | {len(took)} | {_ms(result.alone.get(name))} | {_ms(took)} |"
        for name, took in sorted(result.beside.items())
    ]
    head = "| innocent client | calls | p95 alone | p95 beside |\n|---|---|---|---|"
    return "\n".join([head, *rows])


def _processes(result: Result) -> str:
    rows = [
        f"| {process} | {what} | {one.quarter(0):.0f} | {one.quarter(2):.0f} | "
        f"{one.quarter(3):.0f} | {max(one.values):.0f} | {_afterwards(result, process, what)} |"
        for (process, what), one in result.samples.series.items()
    ]
    head = (
        "| process | what | first quarter | third | last | most | afterwards |\n"
        "|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *rows])


def _afterwards(result: Result, process: str, what: str) -> str:
    held = result.afterwards.get(process) if what.startswith("RSS") else None
    return f"{held:.0f}" if held is not None else ""


def _ms(took_s: list[float] | None) -> str:
    return f"{p95(took_s) * 1000:.0f} ms" if took_s else "none"
