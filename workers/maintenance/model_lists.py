"""Asks a provider which models it has: one that is about to be added, too."""

from __future__ import annotations

from typing import Any, Final

import requests

from shared.codecs.strict_json import parse
from shared.providers.provider import Provider
from workers.maintenance.probe_call import answered, unreached
from workers.providers.access import Access
from workers.providers.base import ProviderError

#: Longest wait for the whole list (seconds).
_TIMEOUT_S: Final = 8.0
#: Longest list that is read (bytes), and most models and letters of a name that are told.
_MOST_BYTES: Final = 4_000_000
_MOST_MODELS: Final = 1000
_MOST_LETTERS: Final = 256
_PIECE: Final = 65_536


class ModelsUnknown(Exception):
    """The provider did not say which models it has."""


def model_names(access: Access, session: requests.Session, provider: Provider) -> list[str]:
    """Return the names that the provider gives its models. Raises ModelsUnknown, saying why."""
    try:
        with answered(access, session, provider, provider.models_url, _TIMEOUT_S) as response:
            return _names(response.status_code, _read(response))
    except ProviderError as exc:
        raise ModelsUnknown(str(exc)) from exc
    except requests.RequestException as exc:
        raise ModelsUnknown(unreached(exc)) from exc


def _read(response: requests.Response) -> bytes:
    body = b""
    for piece in response.iter_content(_PIECE):
        body += piece
        if len(body) > _MOST_BYTES:
            raise ModelsUnknown("its list of models has no end")
    return body


def _names(status: int, body: bytes) -> list[str]:
    if status in (401, 403):
        raise ModelsUnknown(f"it refused the key ({status})")
    try:
        told: Any = parse(body) if status == 200 else None  # noqa: PLR2004 - OK
    except ValueError:
        told = None
    rows = told.get("data", told.get("models")) if isinstance(told, dict) else told
    if not isinstance(rows, list):
        raise ModelsUnknown(f"it answered {status} without a list of models")
    # OpenAI and Anthropic say `id`, others `name` or `title`.
    found = [
        next((row[name] for name in ("id", "name", "title") if name in row), None)
        for row in rows
        if isinstance(row, dict)
    ]
    named = [one for one in found if isinstance(one, str) and 0 < len(one) <= _MOST_LETTERS]
    return sorted(dict.fromkeys(named))[:_MOST_MODELS]
