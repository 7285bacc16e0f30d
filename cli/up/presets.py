"""The LLMs that `replyto up` recognises: hosted ones by their key, local ones by their port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.providers.presets import PRESETS


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as `providers.toml` names it."""

    name: str
    #: As the provider's type takes it.
    base_url: str
    models: tuple[str, ...]
    #: The environment variable that holds the key; None where none is needed.
    api_key_env: str | None = None
    concurrency: int = 16
    priority: int = 0
    type: str = "openai"
    #: `direct` where no proxy of the environment leads.
    proxy: str | None = None
    #: What it can be asked, where that is not all that its type can; and what single models can.
    operations: tuple[str, ...] = ()
    model_operations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _hosted(name: str, *models: str) -> Provider:
    preset = PRESETS[name]
    return Provider(name, preset.base_url or "", models, preset.api_key_env, type=preset.type)


#: In the order in which they are listed. A few names each: add others in a providers.toml.
HOSTED: Final[tuple[Provider, ...]] = (
    _hosted("openai", "gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini", "o4-mini"),
    _hosted("anthropic", "claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5"),
    _hosted(
        "openrouter",
        "openrouter/auto",
        "meta-llama/llama-3.3-70b-instruct",
        "qwen/qwen-2.5-72b-instruct",
    ),
    _hosted("groq", "llama-3.3-70b-versatile", "llama-3.1-8b-instant"),
    _hosted("mistral", "mistral-large-latest", "mistral-small-latest"),
    _hosted("deepseek", "deepseek-chat", "deepseek-reasoner"),
    _hosted("xai", "grok-4", "grok-3-mini"),
    _hosted("gemini", "gemini-2.5-pro", "gemini-2.5-flash"),
    _hosted(
        "together",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "Qwen/Qwen2.5-72B-Instruct-Turbo",
    ),
    _hosted(
        "fireworks",
        "accounts/fireworks/models/llama-v3p3-70b-instruct",
        "accounts/fireworks/models/qwen2p5-72b-instruct",
    ),
)

#: The servers looked for on this machine, best first.
LOCAL: Final[tuple[str, ...]] = ("ollama", "lmstudio", "llamacpp", "vllm")
