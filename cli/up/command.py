"""`replyto up`: runs everything on this machine until Ctrl-C."""

from __future__ import annotations

import logging
import os

import click

from cli.console import Console
from cli.starting import fail, settings_or_exit
from cli.stop_signals import StopSignals
from cli.up.child_lines import ChildLines
from cli.up.data_lock import data_lock
from cli.up.stack import Stack
from cli.up.start_problem import StartProblem
from shared.open_files import allow_many_connections
from shared.settings import mistyped_variables

_COMMAND = "replyto up"


@click.command()
@click.option("--demo", is_flag=True, help="Use the demo LLM, whatever is configured or found.")
@click.option("--quiet", is_flag=True, help="Do not print the processes' logs.")
@click.option("--verbose", is_flag=True, help="Print their logs from the start.")
@click.option("--no-color", is_flag=True, help="Print without colors.")
def up(*, demo: bool, quiet: bool, verbose: bool, no_color: bool) -> None:
    """Run ReplyTo on this machine: Redis, gateway, workers and, if need be, a demo LLM.

    Settings are environment variables REPLYTO_…; LLMs are named in providers.toml, or found: a
    local Ollama, and hosted services whose key is in the environment.
    """
    console = Console(color=False if no_color else None, quiet=quiet)
    settings = settings_or_exit(_COMMAND, console)
    console.log_as(ChildLines(settings))
    for line in mistyped_variables(os.environ):
        console.event(line, logging.WARNING)
    allow_many_connections()
    stop = StopSignals()
    try:
        with data_lock(settings.data_dir):
            Stack(settings, console, stop, force_demo=demo, verbose=verbose).run()
    except StartProblem as exc:
        fail(_COMMAND, console, str(exc))
    except OSError as exc:
        # Root's file of an earlier run, a disk that is only read, or full.
        if exc.filename is None:
            raise
        fail(_COMMAND, console, f"REPLYTO_DATA_DIR: {exc}")
