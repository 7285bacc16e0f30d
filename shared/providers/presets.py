"""Well-known LLM services and servers: what `preset = "groq"` in providers.toml stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from shared.media.engines import NOWHERE
from shared.providers.proxy_url import DIRECT


@dataclass(frozen=True, slots=True)
class Preset:
    """The fields that a provider of this kind has, unless it says otherwise."""

    #: None where each customer has one of its own.
    base_url: str | None
    #: The environment variable that usually holds the key; None where none is needed.
    api_key_env: str | None = None
    type: str = "openai"
    api_key_header: str | None = None
    proxy: str | None = None

    def fields(self) -> dict[str, str]:
        """Return the fields that are set."""
        values = {
            "type": self.type,
            "base_url": self.base_url,
            "api_key_env": self.api_key_env,
            "api_key_header": self.api_key_header,
            "proxy": self.proxy,
        }
        return {name: value for name, value in values.items() if value is not None}


def _here(base_url: str, type_: str = "openai") -> Preset:
    """Return the preset of a server on this machine: no proxy leads there."""
    return Preset(base_url, type=type_, proxy=DIRECT)


PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {
        "openai": Preset("https://api.openai.com/v1", "OPENAI_API_KEY"),
        "anthropic": Preset("https://api.anthropic.com", "ANTHROPIC_API_KEY", "anthropic"),
        "openrouter": Preset("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        "groq": Preset("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        "mistral": Preset("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
        "deepseek": Preset("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
        "xai": Preset("https://api.x.ai/v1", "XAI_API_KEY"),
        "gemini": Preset(
            "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"
        ),
        "together": Preset("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
        "fireworks": Preset("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
        # https://<resource>.openai.azure.com/openai/v1; the names of models are deployments.
        "azure": Preset(None, "AZURE_OPENAI_API_KEY", api_key_header="api-key"),
        "replicate": Preset("https://api.replicate.com/v1", "REPLICATE_API_TOKEN", "replicate"),
        "comfyui": _here("http://127.0.0.1:8188", "comfyui"),
        "automatic1111": _here("http://127.0.0.1:7860", "automatic1111"),
        "ollama": _here("http://127.0.0.1:11434", "ollama"),
        "lmstudio": _here("http://127.0.0.1:1234/v1"),
        "llamacpp": _here("http://127.0.0.1:8080/v1"),
        "vllm": _here("http://127.0.0.1:8000/v1"),
    }
)


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a provider's fields with those of its preset where it has none of its own.

    Raises ValueError for a preset that does not exist.
    """
    own = dict(values)
    name = own.pop("preset", None)
    if name is None:
        return _with_nowhere(own)
    preset = PRESETS.get(name) if isinstance(name, str) else None
    if preset is None:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}")
    given = {field: value for field, value in own.items() if value is not None}
    usual = preset.fields()
    if "base_url" in given:
        # Somewhere else than on this machine.
        usual.pop("proxy", None)
    return {"name": name, **usual, **given}


def _with_nowhere(values: dict[str, Any]) -> dict[str, Any]:
    """Return the fields; those of our own engines with an address, which nobody calls."""
    if values.get("type") == "local":
        return {"base_url": NOWHERE, "proxy": DIRECT, **values}
    return values
