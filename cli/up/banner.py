"""What `replyto up` says when it is ready: where, with which key, and what to try."""

from __future__ import annotations

import json
import shlex
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.console import Console

_RECEIVER_URL = "http://127.0.0.1:8400/answers?order=42"

#: Most models listed by name.
_MODELS_SHOWN = 12
_MODELS_WIDTH = 76


@dataclass(frozen=True, slots=True)
class ReadyFacts:
    """What the banner tells."""

    url: str
    api_key: str
    auth_secret_place: str
    models: Sequence[str]
    demo: bool
    took_s: float


def render(facts: ReadyFacts, console: Console) -> str:
    """Return the banner; where that goes into a log, no more than where ReplyTo is."""
    if console.is_json:
        return f"ReplyTo is ready at {facts.url} after {facts.took_s:.1f} s."
    ready = console.style(f"ReplyTo is ready after {facts.took_s:.1f} s.", fg="green", bold=True)
    rows = [
        ("URL", console.style(facts.url, bold=True)),
        ("API key", console.style(facts.api_key, bold=True)),
        ("Chat page", f"{facts.url}/Chat"),
        ("Admin page", f"{facts.url}/admin"),
        ("Admin secret", facts.auth_secret_place),
        ("Models", _model_list(facts, console)),
    ]
    table = [f"  {console.style(f'{label:<13}', dim=True)} {value}" for label, value in rows]
    return "\n".join(["", ready, "", *table, "", *_what_to_try(facts, console), ""])


def _model_list(facts: ReadyFacts, console: Console) -> str:
    names = list(facts.models[:_MODELS_SHOWN])
    if more := len(facts.models) - len(names):
        names.append(f"and {more} more")
    listed = ", ".join(names) or "none: name some in providers.toml"
    lines = textwrap.wrap(listed, _MODELS_WIDTH, break_on_hyphens=False)
    if facts.demo:
        lines.append(console.style("(the demo LLM: these are not real models)", fg="yellow"))
    return f"\n  {'':<13} ".join(lines)


def _what_to_try(facts: ReadyFacts, console: Console) -> list[str]:
    if not facts.models:
        return ["  Ctrl-C stops everything."]
    return [
        "  To see a callback arrive, run this in a second terminal:",
        "",
        console.style(f"    {own_command()} callbacks listen", fg="cyan"),
        "",
        "  and queue a job in a third:",
        "",
        console.style(example_curl(facts.url, facts.api_key, facts.models[0]), fg="cyan"),
        "",
        "  Ctrl-C here stops everything; the next start goes on with the same data.",
    ]


def example_curl(url: str, api_key: str, model: str) -> str:
    """Return a command to paste that queues a job whose answer goes to the local receiver."""
    message = {"role": "user", "content": "Say hello"}
    job = {"replyTo": _RECEIVER_URL, "request": {"model": model, "messages": [message]}}
    return (
        f"    curl {shlex.quote(f'{url}/api/QueueOpenAiChatCompletion')} \\\n"
        f"      -H {shlex.quote(f'Authorization: Bearer {api_key}')} \\\n"
        f"      -H 'Content-Type: application/json' \\\n"
        f"      -d {shlex.quote(json.dumps(job, ensure_ascii=False))}"
    )


def own_command() -> str:
    """Return how this command was called, as short as it works in another terminal."""
    called = Path(sys.argv[0])
    if called.name != "replyto":
        return f"{shlex.quote(sys.executable)} -P -m cli.main"
    if Path(sys.prefix) == Path(sys.base_prefix):
        return "replyto"
    try:
        return str(Path(sys.prefix, "bin", "replyto").relative_to(Path.cwd()))
    except ValueError:
        return shlex.quote(str(Path(sys.prefix, "bin", "replyto")))
