"""Reads a provider as AI Server's users write it: its types, base URLs without `/v1`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from shared.providers.presets import PRESETS

#: Our types, as they are written in files and over the API.
OWN_TYPES: Final = (
    *("openai", "ollama", "anthropic"),
    *("automatic1111", "comfyui", "replicate", "local"),
)
#: Types whose base URL is taken as it stands.
_AS_IT_STANDS: Final = ("ollama", "anthropic", "automatic1111", "comfyui", "local")
#: AI Server's names that are neither a type of ours nor a preset.
_OTHERS: Final[Mapping[str, str]] = {
    "custom": "openai",
    "openaicompatible": "openai",
    "llamaserver": "openai",
    "google": "gemini",
    "comfy": "comfyui",
}
_has_version = re.compile(r"/v[0-9]").search


def adopted(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a provider's fields with AI Server's name of its type, and its URL, made ours.

    What is written in our own way is returned as it is, and so is what nobody knows.
    """
    own = dict(values)
    named = own.get("type")
    if not isinstance(named, str) or named in OWN_TYPES:
        return own
    known = _known(named)
    if known in OWN_TYPES:
        own["type"] = known
    elif known:
        del own["type"]
        own.setdefault("preset", known)
    if known and known not in _AS_IT_STANDS:
        own["base_url"] = _with_version(own.get("base_url"), known)
    return own


def _known(name: str) -> str:
    """Return the type or preset that this name stands for, such as `OllamaAiProvider`."""
    folded = re.sub(r"[^a-z0-9]", "", name.lower())
    for part in (folded, folded.removesuffix("aiprovider"), folded.removesuffix("provider")):
        meant = _OTHERS.get(part, part)
        if meant in OWN_TYPES or meant in PRESETS:
            return meant
    return ""


def _with_version(base_url: Any, preset: str) -> Any:
    """Return the URL as an OpenAI SDK takes it: AI Server puts `/v1` behind it by itself."""
    usual = PRESETS[preset].base_url
    if base_url is None:
        return usual
    parts = urlsplit(str(base_url))
    if usual and parts.netloc == urlsplit(usual).netloc:
        return usual
    return base_url if _has_version(parts.path) else f"{str(base_url).rstrip('/')}/v1"
