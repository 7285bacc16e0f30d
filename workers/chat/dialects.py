"""The dialects that providers speak, by their types: where a new type is added.

What each type can be asked stands in `shared/operation.py`.
"""

from __future__ import annotations

from shared.settings import Settings
from workers.media.local import LocalDialect
from workers.media.pictures.automatic1111 import Automatic1111Dialect
from workers.media.pictures.comfyui import ComfyUiDialect
from workers.media.pictures.replicate import ReplicateDialect
from workers.providers.anthropic.dialect import AnthropicDialect
from workers.providers.base import Dialects
from workers.providers.ollama import OllamaDialect
from workers.providers.openai import OpenAiDialect


def all_dialects(settings: Settings) -> Dialects:
    """Return one of each."""
    local = LocalDialect(settings.media_concurrency)
    return Dialects(
        {
            "openai": OpenAiDialect(),
            "ollama": OllamaDialect(),
            "anthropic": AnthropicDialect(),
            "automatic1111": Automatic1111Dialect(),
            "comfyui": ComfyUiDialect(),
            "replicate": ReplicateDialect(),
            "local": local,
        },
        rooms={"local": local.room},
    )
