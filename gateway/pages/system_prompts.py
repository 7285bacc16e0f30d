"""A small library of system prompts to begin with; written for ReplyTo, kept in the catalog."""

from __future__ import annotations

from typing import Final

from gateway.pages.texts import text
from shared.conversations import Prompt

#: Their ids, which stay: people's conversations refer to them.
_IDS: Final = ("plain", "code-review", "editor", "teacher", "extract", "translate")


def _prompt(prompt_id: str) -> Prompt:
    key = prompt_id.replace("-", "_")
    name, value = (text(f"{part}.{key}", "prompts") for part in ("promptName", "promptText"))
    return Prompt(prompt_id, name, value)


SYSTEM_PROMPTS: Final = tuple(map(_prompt, _IDS))
