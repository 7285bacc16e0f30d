"""`replyto chat` and `replyto queue`: ask a model and read its answer, or queue the question."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click

from cli.api.gateway import GatewayApi, connect
from cli.api.options import at_gateway, options
from cli.text import printable, readable

_about = options(
    click.argument("prompt"),
    click.option("--model", help="Default: the first that the key may use."),
    click.option("--system", help="System prompt."),
)


@click.command()
@_about
@at_gateway
def chat(
    prompt: str, model: str | None, system: str | None, url: str | None, key: str | None
) -> None:
    """Ask a model, and print its answer as it comes. PROMPT - reads it from standard input."""
    gateway = connect(url, key)
    request = _request(gateway, prompt, model, system)
    for text in _texts(gateway.stream("/v1/chat/completions", {**request, "stream": True})):
        click.echo(readable(text), nl=False)
    click.echo()


@click.command()
@_about
@click.option("--ref-id", help="Your name for the job; the same again is the same job.")
@click.option("--tag", help="Anything you group by.")
@click.option("--reply-to", help="URL to post the answer to.")
@click.option("--wait", is_flag=True, help="Wait for the answer, and print it.")
@at_gateway
def queue(
    *,
    prompt: str,
    model: str | None,
    system: str | None,
    wait: bool,
    url: str | None,
    key: str | None,
    **about: str | None,
) -> None:
    """Queue a question for a model, and print its job. PROMPT - reads it from standard input."""
    gateway = connect(url, key)
    names = {"ref_id": "refId", "tag": "tag", "reply_to": "replyTo"}
    envelope = {names[name]: value for name, value in about.items()}
    request = _request(gateway, prompt, model, system)
    made = gateway.call("QueueOpenAiChatCompletion", {**envelope, "request": request})
    if not wait:
        click.echo(f"{made['id']}  {printable(made['refId'])}\n{made['statusUrl']}")
        return
    job = gateway.call("WaitForOpenAiChat", {"id": made["id"]})["result"]
    if job["state"] != "Completed":
        reason = (job.get("error") or {}).get("message") or job["status"]
        raise click.ClickException(f"job {made['id']}: {printable(reason)}")
    message = json.loads(job["responseBody"])["choices"][0]["message"]
    click.echo(readable(message.get("content") or ""))


def _request(
    gateway: GatewayApi, prompt: str, model: str | None, system: str | None
) -> dict[str, Any]:
    text = _from_stdin() if prompt == "-" else prompt
    told = [{"role": "system", "content": system}] if system else []
    wanted = model or _first_model(gateway)
    return {"model": wanted, "messages": [*told, {"role": "user", "content": text}]}


def _from_stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException("what came on standard input is not UTF-8") from None


def _first_model(gateway: GatewayApi) -> str:
    models = gateway.call("ActiveAiModels", {})["results"]
    if not models:
        raise click.ClickException("there is no model: add a provider, see `replyto providers`")
    return str(models[0])


def _texts(lines: Iterable[bytes]) -> Iterator[str]:
    """Give the texts of a stream's events. Raises click.ClickException for an error in it."""
    for line in lines:
        data = line.removeprefix(b"data:").strip()
        if not line.startswith(b"data:") or data == b"[DONE]":
            continue
        event = json.loads(data)
        if error := event.get("error"):
            raise click.ClickException(f"the answer broke off: {error.get('message')}")
        for choice in event.get("choices") or ():
            if text := (choice.get("delta") or {}).get("content"):
                yield text
