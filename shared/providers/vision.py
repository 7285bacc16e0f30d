"""Which models see pictures, as far as their names tell: providers list names and no more. Pure."""

from __future__ import annotations

import re
from typing import Final

from shared.providers.provider import Registry

#: How models are called that take pictures: a word that says so, or a family in which all do.
_SEES: Final = re.compile(
    r"vision|llava|bakllava|moondream|pixtral|minicpm-?v|internvl|cogvlm|paligemma|smolvlm"
    r"|\bvl\b|[-0-9]vl\b|omni|multimodal"
    r"|gpt-4o|gpt-4\.1|gpt-4-turbo|gpt-5|\bo[134]\b|chatgpt-4o"
    r"|claude-(?:3|opus|sonnet|haiku|[4-9])|gemini|gemma-?3|gemma3|llama-?4"
    r"|mistral-(?:small-?3|medium-?3)|grok-(?:2-vision|4)|nova-(?:lite|pro|premier)",
    re.IGNORECASE,
)
_TEXT_ONLY: Final = re.compile(
    r"gpt-4o.*(?:transcribe|tts|audio)|embed|\bo[13]-mini", re.IGNORECASE
)


def sees(registry: Registry, model: str) -> bool:
    """Whether a model takes pictures, by its public name or by a provider's own."""
    names = {model, *(provider.models[model] for provider in registry.having(model))}
    return any(_SEES.search(name) and not _TEXT_ONLY.search(name) for name in names)
