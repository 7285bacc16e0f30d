"""`python -m tests.acceptance.hostile`: let all hostile peers loose at once, and tell."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import click

from tests.acceptance.hostile import report
from tests.acceptance.hostile.run import HostileRun, Plan


@click.command()
@click.option("--seconds", default=1800.0, show_default=True, help="How long, at most 2000.")
@click.option("--seed", type=int, help="Chooses paces and orders. Default: a random one.")
@click.option("--report", "report_file", type=click.Path(path_type=Path), help="Write Markdown.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep logs and data in this folder.")
def main(seconds: float, seed: int | None, report_file: Path | None, keep: Path | None) -> None:
    """Let every hostile peer at one ReplyTo; tell who suffered, died, grew, or complained."""
    seed = random.randrange(10**6) if seed is None else seed
    plan = Plan(seed, min(seconds, 2000.0))
    click.echo(f"seed {seed}, {plan.seconds:g} s")
    if keep is not None:
        result = HostileRun(plan, keep, click.echo)()
    else:
        with tempfile.TemporaryDirectory(prefix="replyto-hostile-") as directory:
            result = HostileRun(plan, Path(directory), click.echo)()
    click.echo("\n" + report.as_text(result))
    if report_file is not None:
        report_file.write_text(report.as_markdown(result) + "\n", "utf-8")
    sys.exit(1 if result.findings() else 0)


if __name__ == "__main__":
    main()
