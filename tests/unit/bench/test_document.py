"""The page of benchmarks: one part is measured anew, the others stay."""

from __future__ import annotations

from dataclasses import replace

from bench import document
from bench.result import Goal, Report, Spread

NAMES = ["one", "two"]


def report(name: str, value: float) -> Report:
    goal = Goal(f"goal of {name}", Spread.of([value]), now=1, unit="ms", at_least=True)
    return Report(
        name=name,
        title=f"Title of {name}",
        about="About it.",
        columns=("", "median"),
        rows=[("row", f"{value}")],
        goals=[goal],
    )


def test_part_is_replaced_with_its_goals_and_the_others_stay() -> None:
    page = document.render([report("one", 1.5), report("two", 2.5)], NAMES, 0.1)
    now = document.with_section(page, report("one", 7.5), NAMES, 3.3)
    assert now.count("## Title of one") == now.count("| goal of one |") == 1
    assert "| row | 7.5 |" in now
    assert "| row | 1.5 |" not in now
    assert "load average when it began 3.3" in now
    assert "| row | 2.5 |" in now
    headings = [line for line in now.splitlines() if line.startswith("#")]
    assert headings == [line for line in page.splitlines() if line.startswith("#")]
    assert document.with_section(now, report("one", 7.5), NAMES, 3.3) == now


def test_part_that_is_new_comes_last() -> None:
    page = document.render([report("one", 1.5)], ["one"], 0.1)
    now = document.with_section(page, report("two", 2.5), NAMES, 0.2)
    headings = [line for line in now.splitlines() if line.startswith("## ")]
    assert headings == ["## Goals", "## Title of one", "## Title of two", "## How to run it"]
    assert "one of: one, two" in now
    assert "| goal of one |" in now
    assert "| goal of two |" in now


def test_notes_of_the_part_are_kept() -> None:
    page = document.render([report("one", 1.5)], ["one"], 0.1)
    noted = replace(report("one", 2.0), notes=("A note.",))
    assert "\nA note.\n" in document.with_section(page, noted, NAMES, 0.2)
