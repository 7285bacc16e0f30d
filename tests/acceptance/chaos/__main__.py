"""`python -m tests.acceptance.chaos`: run the fault suite and print its audit."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import click

from tests.acceptance.chaos import report, schedule
from tests.acceptance.chaos.run import ChaosRun, Plan, short


@click.command()
@click.option("--seconds", default=600.0, show_default=True, help="How long faults are made.")
@click.option("--seed", type=int, help="Chooses faults and load. Default: a random one.")
@click.option("--rate", default=15.0, show_default=True, help="Jobs a second, beside the bursts.")
@click.option("--wild", is_flag=True, help="Faults at any time: recovery times mean nothing.")
@click.option("--failover", is_flag=True, help="Sentinel, TLS, and masters that are killed.")
@click.option("--tls", is_flag=True, help="Redis speaks TLS only.")
@click.option("--report", "report_file", type=click.Path(path_type=Path), help="Write Markdown.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep logs and data in this folder.")
def main(
    seconds: float,
    seed: int | None,
    rate: float,
    wild: bool,
    failover: bool,
    tls: bool,
    report_file: Path | None,
    keep: Path | None,
) -> None:
    """Kill, freeze and cut off everything under load; tell what was lost or doubled."""
    seed = random.randrange(10**6) if seed is None else seed
    plan = Plan(seed, seconds, rate, wild, failover, tls)
    if seconds < schedule.SHORT_S:
        plan = short(plan)
    click.echo(f"seed {seed}, {seconds:g} s: {dict(schedule.kills(plan.faults()))} kills planned")
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=False)
        run, audit = ChaosRun(plan, keep, click.echo)()
    else:
        with tempfile.TemporaryDirectory(prefix="replyto-chaos-") as directory:
            run, audit = ChaosRun(plan, Path(directory), click.echo)()
    click.echo("\n" + report.as_text(run, audit))
    if report_file is not None:
        report_file.write_text(report.as_markdown(run, audit), "utf-8")
    sys.exit(1 if audit.found else 0)


if __name__ == "__main__":
    main()
