"""`replyto callbacks`; `listen` prints every callback that comes in and whether it is genuine."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime

import click

from cli.api.callback_verify import verify
from cli.api.deliveries import cancel, list_, replay, show, test
from cli.api.forwarding import Forward
from cli.api.gateway import own_callback_secret
from cli.api.options import at_host
from cli.api.receiver import VALID, ReceivedCallback, Receiver
from cli.console import Console
from cli.reasons import why_not_listening
from cli.stop_signals import StopSignals
from cli.text import printable

#: Headers shown, in this order.
_SHOWN = ("webhook-id", "x-job-id", "x-ref-id", "x-tag", "x-job-state", "x-attempt")

#: Most lines and characters shown of a body.
_BODY_LINES = 40
_BODY_CHARACTERS = 4_000


@click.group()
def callbacks() -> None:
    """Receive callbacks, check their signatures, and follow their deliveries."""


@callbacks.command()
@at_host
@click.option("--port", default=8400, show_default=True, type=click.IntRange(0, 65535))
@click.option("--secret", help="Signing secret, whsec_…  Default: the one of this ReplyTo.")
@click.option("--fail-first", default=0, metavar="N", help="Answer 503 to the first N callbacks.")
@click.option("--forward", metavar="URL", help="Pass each one on to this URL + its path and query.")
@click.option("--no-color", is_flag=True, help="Print without colors.")
def listen(
    *,
    host: str,
    port: int,
    secret: str | None,
    fail_first: int,
    forward: str | None,
    no_color: bool,
) -> None:
    """Print every callback that comes in and whether its signature verifies."""
    console = Console(color=False if no_color else None)
    stop = StopSignals()
    try:
        receiver = Receiver(
            secret or own_callback_secret(),
            host,
            port,
            fail_first=fail_first,
            forward=Forward(forward) if forward else None,
            on_callback=lambda callback: console.say(describe(callback, console)),
        )
    except ValueError as exc:
        raise click.UsageError(f"--secret is not a signing secret (whsec_…): {exc}") from exc
    try:
        receiver.start()
    except OSError as exc:
        raise click.ClickException(why_not_listening(host, port, exc)) from exc
    console.say(f"Waiting for callbacks. As ReplyTo use  {receiver.url}/  and any path or query.")
    stop.wait()
    receiver.stop()


def describe(callback: ReceivedCallback, console: Console) -> str:
    """Return the text that shows a callback: what came, who sent it, is it genuine, its body."""
    moment = datetime.fromtimestamp(callback.received_at).astimezone()
    clock = moment.strftime("%H:%M:%S.%f")[:-3]
    title = console.style(printable(f"{callback.method} {callback.target}"), bold=True)
    headers = {name: printable(value) for name, value in callback.headers.items()}
    shown = [(name, headers[name]) for name in _SHOWN if headers.get(name)]
    lines = [f"  {name:<12} {value}" for name, value in shown]
    lines.append(f"  {'signature':<12} {_verdict(callback, console)}")
    if callback.occurrence > 1:
        note = f"yes: delivery number {callback.occurrence} of this webhook-id"
        lines.append(f"  {'duplicate':<12} {console.style(note, fg='yellow')}")
    note = f", as {printable(callback.forwarded_to)} did" if callback.forwarded_to else ""
    lines.append(f"  {'answered':<12} {callback.status}{note}")
    body = [f"    {line}" for line in pretty(callback.body).splitlines()]
    return "\n".join(["", f"{clock} {title}", *lines, *body])


def _verdict(callback: ReceivedCallback, console: Console) -> str:
    genuine = callback.verdict == VALID
    return console.style(callback.verdict, fg="green" if genuine else "red", bold=not genuine)


def pretty(body: bytes) -> str:
    """Return a body for reading: indented if it is JSON, and shortened."""
    text = body.decode("utf-8", "replace")
    with contextlib.suppress(ValueError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    text = "\n".join(printable(line) for line in text.splitlines())
    lines = text[:_BODY_CHARACTERS].splitlines()
    shown = "\n".join(lines[:_BODY_LINES])
    shortened = len(text) > _BODY_CHARACTERS or len(lines) > _BODY_LINES
    return f"{shown}\n… ({len(body)} bytes in all)" if shortened else shown


for command in (list_, show, replay, cancel, test, verify):
    callbacks.add_command(command)
