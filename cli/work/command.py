"""`replyto work`: runs this machine's workers until SIGTERM."""

from __future__ import annotations

import os
import re
from typing import Any

import click

from cli.console import Console
from cli.starting import fail, settings_or_exit
from cli.stop_signals import StopSignals
from cli.up.child_lines import ChildLines
from cli.up.start_problem import StartProblem
from cli.work.crew import Crew
from cli.work.roster import CHAT, COMPLETION, KINDS, Choice, roster
from cli.work.start_checks import check_identity, check_port, check_providers
from shared.open_files import allow_many_connections
from shared.settings import Settings, SettingsError
from shared.store.client import connect
from shared.telemetry.log_setup import set_up

_COMMAND = "replyto work"
#: How long the look at Redis before the start may wait for an answer (seconds).
_TIMEOUT_S = 5.0
#: What a call of an LLM that takes its whole time needs besides, to be noted (seconds).
_MARGIN_S = 30.0
_MOST_PROCESSES = 256
_MOST_AT_ONCE = 10_000


def _node(_: click.Context, __: click.Parameter, value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", value):
        raise click.BadParameter("up to 40 of A-Z a-z 0-9 . _ -, the first a letter or a digit")
    return value


@click.command()
@click.argument("kinds", nargs=-1, type=click.Choice(KINDS), metavar="[chat|completion|callbacks]…")
@click.option("--gateway", is_flag=True, help="Run the gateway too.")
@click.option("--model", "models", multiple=True, help="Serve only this model; may be repeated.")
@click.option(
    "--processes",
    type=click.IntRange(1, _MOST_PROCESSES),
    help="Chat worker processes.  [default: REPLYTO_CHAT_PROCESSES]",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, _MOST_AT_ONCE),
    help="LLM calls of one process at once.  [default: REPLYTO_CHAT_CONCURRENCY]",
)
@click.option(
    "--callback-concurrency",
    type=click.IntRange(1, _MOST_AT_ONCE),
    help="Callbacks at once.  [default: REPLYTO_CALLBACK_CONCURRENCY]",
)
@click.option(
    "--name",
    default="",
    callback=_node,
    help="First part of the workers' names, where this runs twice on a machine.",
)
@click.option(
    "--stop-timeout",
    "patience_s",
    type=click.FloatRange(0),
    help="How long calls may go on after SIGTERM, seconds."
    "  [default: REPLYTO_ATTEMPT_TIMEOUT_S and half a minute]",
)
def work(kinds: tuple[str, ...], **options: Any) -> None:
    """Run workers on this machine: all kinds of them, or those that are named.

    Redis, database, secrets and the rest are as the environment variables REPLYTO_… say. A process
    that dies is started again. SIGTERM and Ctrl-C stop all in order, and what runs is finished; a
    second one stops at once. SIGHUP changes nothing.
    """
    console = Console(color=False, prefix=False)
    settings = settings_or_exit(_COMMAND, console)
    console.log_as(ChildLines(settings, "work"))
    set_up("work", settings)
    try:
        choice = _choice(kinds, options, settings)
        _check(choice, settings)
    except (StartProblem, SettingsError) as exc:
        fail(_COMMAND, console, str(exc))
    allow_many_connections()
    stop = StopSignals(hang_up=False)
    Crew(roster(choice, {**os.environ, "PYTHONUNBUFFERED": "1"}), console, stop).run()


def _choice(kinds: tuple[str, ...], options: dict[str, Any], settings: Settings) -> Choice:
    def said(name: str, default: float) -> Any:
        return default if options[name] is None else options[name]

    return Choice(
        kinds=kinds or KINDS,
        gateway=options["gateway"],
        models=tuple(dict.fromkeys(options["models"])),
        chat_processes=said("processes", settings.chat_processes),
        chat_concurrency=said("concurrency", settings.chat_concurrency),
        callback_concurrency=said("callback_concurrency", settings.callback_concurrency),
        name=options["name"],
        patience_s=said("patience_s", settings.attempt_timeout_s + _MARGIN_S),
    )


def _check(choice: Choice, settings: Settings) -> None:
    if choice.models and CHAT not in choice.kinds:
        raise StartProblem("--model is for chat workers, and none is to run")
    if choice.gateway:
        check_port(settings)
    with connect(settings.redis_address, timeout_s=_TIMEOUT_S, name="replyto-start") as client:
        check_providers(choice.models, settings, client)
        uses_database = choice.gateway or COMPLETION in choice.kinds
        check_identity(settings, client, with_database=uses_database)
