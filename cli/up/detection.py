"""Which LLMs there are when no providers file says so, and the file that is written for them."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

from cli.demo.behaviour import MODELS
from cli.up.presets import HOSTED, LOCAL, Provider
from cli.up.start_problem import StartProblem
from shared.media.engines import NOWHERE, installed
from shared.providers.presets import PRESETS
from shared.providers.prices import load_prices
from shared.providers.provider import read_file
from shared.providers.proxy_url import DIRECT
from shared.settings import SettingsError

#: Where servers are looked for on this machine, by the name of their preset.
LOCAL_URLS = {name: str(PRESETS[name].base_url) for name in LOCAL}
#: Longest wait for one of them: loopback answers at once, or refuses.
_LOCAL_TIMEOUT_S = 0.3
#: Where each type lists its models: the path, the list's name, the model's.
_LISTS = {"ollama": ("/api/tags", "models", "name"), "openai": ("/models", "data", "id")}

#: Calls that the demo LLM takes at once; it sleeps through most of them.
_DEMO_CONCURRENCY = 10_000

#: What the demo LLM's models can be asked: those that write, and those for pictures and sound.
_DEMO_OPERATIONS = ("chat", "completion", "embedding", "response", "moderation", "image_to_text")
DEMO_MEDIA = {
    "demo-image": ("image", "image_edit", "image_variation"),
    "demo-speech": ("speech",),
    "demo-transcribe": ("transcription", "translation"),
}

#: Jobs of engines at once; a worker runs no more than it has processors.
_ENGINES_AT_ONCE = 16

_HEADER = """\
# Written by `replyto up` at each start, because there was no providers.toml; changes are lost.
# To make it yours, copy it to providers.toml where you start `replyto up` and change it there.
"""


def is_configured(path: Path, *, required: bool) -> bool:
    """Tell whether there is a providers file; raises StartProblem for what is wrong in it.

    With `required` it also raises when there is none.
    """
    try:
        path.stat()
        read_file(path)
        load_prices(path)
    except FileNotFoundError as exc:
        if required:
            raise StartProblem(f"REPLYTO_PROVIDERS_FILE: there is no {path}") from exc
        return False
    except OSError as exc:
        raise StartProblem(f"REPLYTO_PROVIDERS_FILE: cannot read {path}: {exc.strerror}") from exc
    except SettingsError as exc:
        raise StartProblem(str(exc)) from exc
    return True


def detect(
    environ: Mapping[str, str], local_urls: Mapping[str, str] | None = None
) -> list[Provider]:
    """Return the LLMs of this machine: servers that run, and services whose key is set."""
    hosted = [p for p in HOSTED if p.api_key_env and environ.get(p.api_key_env)]
    return [*local_providers(LOCAL_URLS if local_urls is None else local_urls), *hosted]


def local_providers(urls: Mapping[str, str]) -> list[Provider]:
    """Return the servers that run at these URLs and have models; all are asked at once."""
    with ThreadPoolExecutor(max(1, len(urls))) as pool:
        models = pool.map(local_models, urls, urls.values())
        return [
            Provider(name, url, own, concurrency=4, type=PRESETS[name].type, proxy=DIRECT)
            for (name, url), own in zip(urls.items(), models, strict=True)
            if own
        ]


def local_models(name: str, url: str) -> tuple[str, ...]:
    """Ask a server which models it has; none when it does not run or is something else."""
    path, listed, named = _LISTS[PRESETS[name].type]
    # No proxy: the question is about this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}{path}", timeout=_LOCAL_TIMEOUT_S) as response:
            models = json.load(response)[listed]
        return tuple(str(model[named]) for model in models)
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return ()


def demo_provider(port: int) -> Provider:
    """Return the demo LLM as a provider."""
    url = f"http://127.0.0.1:{port}/v1"
    return Provider(
        "demo",
        url,
        MODELS,
        concurrency=_DEMO_CONCURRENCY,
        proxy=DIRECT,
        operations=_DEMO_OPERATIONS,
        model_operations=DEMO_MEDIA,
    )


def engines_provider(*, beside_demo: bool) -> Provider | None:
    """Return the engines that this machine has as a provider; None when it has none.

    They are preferred to the demo LLM, and real servers to them.
    """
    names = tuple(installed())
    if not names:
        return None
    return Provider(
        "engines",
        NOWHERE,
        names,
        concurrency=_ENGINES_AT_ONCE,
        priority=1 if beside_demo else -1,
        type="local",
        proxy=DIRECT,
    )


def providers_toml(providers: Iterable[Provider]) -> str:
    """Return the text of a providers file."""
    return "\n".join([_HEADER, *(_table(provider) for provider in providers)])


def _table(provider: Provider) -> str:
    # JSON's strings and lists of strings are TOML's too.
    rows = {
        "name": json.dumps(provider.name),
        "type": json.dumps(provider.type),
        "base_url": json.dumps(provider.base_url),
        "api_key_env": json.dumps(provider.api_key_env) if provider.api_key_env else None,
        "proxy": json.dumps(provider.proxy) if provider.proxy else None,
        "concurrency": str(provider.concurrency),
        "priority": str(provider.priority),
        "models": json.dumps(list(provider.models)),
        "operations": json.dumps(provider.operations) if provider.operations else None,
    }
    lines = [f"{key} = {value}" for key, value in rows.items() if value is not None]
    told = [f"{json.dumps(n)} = {json.dumps(can)}" for n, can in provider.model_operations.items()]
    more = ["[provider.model_operations]", *told] if told else []
    return "\n".join(["[[provider]]", *lines, *more, ""])


def write_providers(path: Path, providers: Iterable[Provider]) -> None:
    """Write the providers file."""
    path.write_text(providers_toml(providers), "utf-8")
