"""`python -m bench [name…]`: run benchmarks, print their tables, rewrite docs/benchmarks.md."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from bench import batches, callbacks, document, enqueue, overrides, pipeline, streams, sync
from bench.load.interrupts import end_on_signals
from bench.media import overhead
from bench.options import Options
from bench.result import BenchmarkFailed, Report
from bench.terminal import Progress, show

_BENCHMARKS: dict[str, Callable[[Options, Progress], Report]] = {
    "enqueue": enqueue.run,
    "batches": batches.run,
    "pipeline": pipeline.run,
    "sync": sync.run,
    "streams": streams.run,
    "callbacks": callbacks.run,
    "overrides": overrides.run,
    "media": overhead.run,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(_BENCHMARKS)))
@click.option("--quick", is_flag=True, help="Shorter and less exact; prints only.")
@click.option("--update", is_flag=True, help="Rewrite the parts of those named in the document.")
@click.option("--litellm", is_flag=True, help="Measure LiteLLM's proxy beside `sync`.")
@click.option(
    "--litellm-python",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path(sys.executable),
    help="The Python that has litellm[proxy]. Default: this one.",
)
@click.option("--postgres-url", default="", help="Measure `pipeline` with this database too.")
def main(
    names: tuple[str, ...],
    *,
    quick: bool,
    update: bool,
    litellm: bool,
    litellm_python: Path,
    postgres_url: str,
) -> None:
    """Measure ReplyTo on this machine. Without names: everything, and docs/benchmarks.md."""
    end_on_signals()
    # Not resolved: a virtual environment's Python is a link, and knows itself by its own path.
    python = litellm_python.absolute() if litellm else None
    options = Options(quick=quick, litellm_python=python, postgres_url=postgres_url)
    reports, began_under_load = [], os.getloadavg()[0]
    for name in names or _BENCHMARKS:
        progress = Progress(name)
        try:
            reports.append(_BENCHMARKS[name](options, progress))
        except BenchmarkFailed as exc:
            progress.done()
            raise click.ClickException(f"{name}: {exc}") from exc
        progress.done()
        show(reports[-1])
        if update and names and not quick:
            document.update(reports[-1], list(_BENCHMARKS), began_under_load)
    if not names and not quick:
        document.write(reports, list(_BENCHMARKS), began_under_load)
        click.echo(f"\nWritten: {document.PATH.name}")
    if not all(goal.reached for report in reports for goal in report.goals):
        click.echo("\nNot every goal was reached.")


if __name__ == "__main__":
    main()
