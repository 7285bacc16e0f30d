"""What a message, or a piece of one, says in whichever form it is told. Pure.

Content is a text, or a list of parts (Mistral's); thoughts have a name of their own at each server,
or are parts of the content.
"""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

#: Names of thoughts, the usual one first.
_THOUGHTS: Final = ("reasoning_content", "reasoning")


def objects(value: object) -> list[Json]:
    """Return the objects of a list; none of what is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def object_of(value: object) -> Json:
    """Return an object as it is, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """Return a text as it is, and an empty one for anything else."""
    return value if isinstance(value, str) else ""


def said_in(told: Json) -> str:
    """Return the text of a message's content."""
    return _text_in(told.get("content"), "text")


def thought_in(told: Json) -> str:
    """Return the text of what was thought."""
    named = next((told[name] for name in _THOUGHTS if told.get(name)), None)
    if isinstance(named, str):
        return named
    return "".join(
        _text_in(part.get("thinking"), "text")
        for part in objects(told.get("content"))
        if part.get("type") == "thinking"
    )


def _text_in(content: object, name: str) -> str:
    """Return a text, or those of a list of parts, or of a single one."""
    if isinstance(content, str):
        return content
    parts = [content] if isinstance(content, dict) else objects(content)
    return "".join(text_of(part.get(name)) for part in parts)
