"""`python -m bench.capacity [name…]`: fill ReplyTo up, print the tables, write docs/capacity.md."""

from __future__ import annotations

import os
from collections.abc import Callable

import click

from bench.capacity import backlog, in_flight, page
from bench.load.interrupts import end_on_signals
from bench.options import Options
from bench.result import BenchmarkFailed, Report
from bench.terminal import Progress, show
from shared.open_files import allow_many_connections

_MEASUREMENTS: dict[str, Callable[[Options, Progress], Report]] = {
    "backlog": backlog.run,
    "in-flight": in_flight.run,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(_MEASUREMENTS)))
@click.option("--quick", is_flag=True, help="A tenth of the jobs; prints only.")
def main(names: tuple[str, ...], quick: bool) -> None:  # noqa: FBT001
    """Measure on this machine. Without names: everything, and docs/capacity.md."""
    end_on_signals()
    allow_many_connections()
    reports, began_under_load = [], os.getloadavg()[0]
    for name in names or _MEASUREMENTS:
        progress = Progress(name)
        try:
            reports.append(_MEASUREMENTS[name](Options(quick=quick), progress))
        except BenchmarkFailed as exc:
            progress.done()
            raise click.ClickException(f"{name}: {exc}") from exc
        progress.done()
        show(reports[-1])
    if not names and not quick:
        page.write(reports, began_under_load)
        click.echo(f"\nWritten: {page.PATH.name}")
    missed = [goal.what for report in reports for goal in report.goals if not goal.reached]
    if missed:
        raise click.ClickException(f"not reached: {', '.join(missed)}")


if __name__ == "__main__":
    main()
