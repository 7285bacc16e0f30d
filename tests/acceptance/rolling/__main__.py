"""`python -m tests.acceptance.rolling --old COMMIT`: upgrade from it under load, and back."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from tests.acceptance.chaos.auditor import Audit
from tests.acceptance.chaos.judging import Finding
from tests.acceptance.rolling.run import Crossed, RollingRun

_ROOT = Path(__file__).parents[3]
#: Findings that are shown.
_SHOWN = 20


@click.command()
@click.option("--old", required=True, help="The commit to come from.")
@click.option("--seed", default=7, show_default=True, help="Chooses the load.")
@click.option("--rate", default=12.0, show_default=True, help="Jobs a second, beside the bursts.")
@click.option("--pause", default=4.0, show_default=True, help="Seconds of load after each step.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep logs and data in this folder.")
def main(old: str, seed: int, rate: float, pause: float, keep: Path | None) -> None:
    """Run two releases side by side under load; tell what was lost or doubled."""
    with tempfile.TemporaryDirectory(prefix="replyto-rolling-") as scratch:
        tree, directory = Path(scratch) / "old", keep or Path(scratch) / "run"
        unpack(old, tree)
        directory.mkdir()
        run = RollingRun(tree, directory, click.echo, seed=seed, pause_s=pause, rate=rate)
        audit, crossed = run()
    for line in lines(audit, crossed):
        click.echo(line)
    sys.exit(bool(audit.found) or not (crossed.old_to_new and crossed.new_to_old))


def unpack(commit: str, tree: Path) -> None:
    """Write the files of a commit into a new folder."""
    tree.mkdir()
    git = subprocess.run(
        ["git", "-C", str(_ROOT), "archive", commit], stdout=subprocess.PIPE, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(tree)], input=git.stdout, check=True)


def lines(audit: Audit, crossed: Crossed) -> Iterator[str]:
    """Yield what came of it."""
    yield f"accepted {audit.accepted.total()}, completed {audit.completed}"
    yield f"failed or cancelled, documented: {dict(audit.failed)}; queue full: {audit.refused}"
    yield f"accepted by the old gateway, answered by new workers: {crossed.old_to_new}"
    yield f"accepted by the new gateway, answered by old workers: {crossed.new_to_old}"
    yield f"callbacks {audit.callbacks}, POSTs repeated {audit.callbacks_repeated}"
    yield f"requests that clients repeated: {dict(audit.failures)}"
    yield f"lost {audit.lost}, doubled {audit.doubled}, other {audit.count(Finding.WRONG)}"
    yield from (f"{one.finding}: {one.marker}: {one.what}" for one in audit.found[:_SHOWN])


if __name__ == "__main__":
    main()
