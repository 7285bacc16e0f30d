"""`replyto demo-llm`: runs the demo LLM until it is told to stop."""

from __future__ import annotations

from pathlib import Path

import click

from cli.api.options import at_host
from cli.demo.behaviour import MODELS
from cli.demo.llm import DemoLlm
from cli.files import problem
from cli.reasons import why_not_listening
from cli.stop_signals import StopSignals
from shared.open_files import allow_many_connections


@click.command("demo-llm")
@at_host
@click.option("--port", default=8500, show_default=True, type=click.IntRange(0, 65535))
@click.option("--api-key", help="Require this key. Default: none is needed.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append one line of JSON per request to this file.",
)
@click.option("--quiet", is_flag=True, help="Print nothing.")
def demo_llm(
    host: str, port: int, api_key: str | None, record: Path | None, *, quiet: bool
) -> None:
    """Run an OpenAI-compatible demo LLM.

    It repeats what it is told and says that it is a demo. The model's name tells it how to behave:
    demo-slow-2s, demo-fail-503, demo-flaky-1, demo-hang, demo-reset, demo-garbage, demo-echo,
    demo-instant, and combinations such as demo-slow-200ms-flaky-2.
    """
    allow_many_connections()
    stop = StopSignals()
    llm = DemoLlm(host, port, api_key=api_key, record=record, kept=0)
    try:
        llm.start()
    except OSError as exc:
        told = problem(exc) or why_not_listening(host, port, exc)
        raise click.ClickException(told) from exc
    if not quiet:
        click.echo(f"The demo LLM (not a real model) serves {', '.join(MODELS)} at {llm.url}")
    stop.wait()
    llm.stop()
