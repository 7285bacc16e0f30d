"""Which LLMs there are when no providers file says so, and the file that is written for them."""

from __future__ import annotations

import json
import tomllib
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

from cli.demo_behaviour import MODELS
from cli.presets import HOSTED, Provider
from cli.start_problem import StartProblem

OLLAMA_URL = "http://127.0.0.1:11434"
_OLLAMA_TIMEOUT_S = 0.3

#: Calls that the demo LLM takes at once; it sleeps through most of them.
_DEMO_CONCURRENCY = 10_000

_HEADER = """\
# Written by `replyto up` at each start, because there was no providers.toml; changes are lost.
# To make it yours, copy it to providers.toml where you start `replyto up` and change it there.
"""


def is_configured(path: Path, *, required: bool) -> bool:
    """Tell whether there is a providers file; raises StartProblem if it can't be read.

    With `required` it also raises when there is none.
    """
    try:
        tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as exc:
        if required:
            raise StartProblem(f"REPLYTO_PROVIDERS_FILE: there is no {path}") from exc
        return False
    except (OSError, ValueError) as exc:
        raise StartProblem(f"{path}: {exc}") from exc
    return True


def detect(environ: Mapping[str, str], ollama_url: str = OLLAMA_URL) -> list[Provider]:
    """Return the LLMs of this machine: a running Ollama, and services whose key is set."""
    hosted = [p for p in HOSTED if p.api_key_env and environ.get(p.api_key_env)]
    models = ollama_models(ollama_url)
    local = [Provider("ollama", f"{ollama_url}/v1", models, concurrency=4)] if models else []
    return [*local, *hosted]


def ollama_models(url: str) -> tuple[str, ...]:
    """Ask Ollama which models it has (GET /api/tags); none when it does not run."""
    # No proxy: the question is about this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/api/tags", timeout=_OLLAMA_TIMEOUT_S) as response:
            tags = json.load(response)
        return tuple(str(model["name"]) for model in tags["models"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def demo_provider(port: int) -> Provider:
    """Return the demo LLM as a provider."""
    return Provider("demo", f"http://127.0.0.1:{port}/v1", MODELS, concurrency=_DEMO_CONCURRENCY)


def providers_toml(providers: Iterable[Provider]) -> str:
    """Return the text of a providers file."""
    return "\n".join([_HEADER, *(_table(provider) for provider in providers)])


def _table(provider: Provider) -> str:
    # JSON's strings and lists of strings are TOML's too.
    rows = {
        "name": json.dumps(provider.name),
        "type": '"openai"',
        "base_url": json.dumps(provider.base_url),
        "api_key_env": json.dumps(provider.api_key_env) if provider.api_key_env else None,
        "concurrency": str(provider.concurrency),
        "priority": str(provider.priority),
        "models": json.dumps(list(provider.models)),
    }
    lines = [f"{key} = {value}" for key, value in rows.items() if value is not None]
    return "\n".join(["[[provider]]", *lines, ""])


def write_providers(path: Path, providers: Iterable[Provider]) -> None:
    """Write the providers file."""
    path.write_text(providers_toml(providers), "utf-8")
