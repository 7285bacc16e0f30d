"""Reads how many tokens a response says it took, in the words of each API. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from shared.codecs.strict_json import parse

#: More than any call takes: a provider's nonsense is not summed up.
_MOST: Final = 2**40

#: The member of an answer with files that says what was made (`shared/media/result.py`).
MADE: Final = "$usage"

#: The names of prompt and completion tokens: OpenAI's chat, its responses, Ollama.
_NAMES: Final = (
    ("prompt_tokens", "completion_tokens"),
    ("input_tokens", "output_tokens"),
    ("prompt_eval_count", "eval_count"),
)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer; `cached` are those of the prompt that the provider had before.

    Beside them what was made or heard: pictures, characters of speech, sound in milliseconds.
    """

    prompt: int = 0
    completion: int = 0
    total: int = 0
    cached: int = 0
    images: int = 0
    characters: int = 0
    audio_ms: int = 0


def usage_of(response: bytes | None) -> Usage:
    """Return the usage that a response states; all zero when it states none."""
    if response is None:
        return Usage()
    try:
        body = parse(response)
    except ValueError:
        return Usage()
    return usage_in(body) if isinstance(body, dict) else Usage()


def usage_in(body: dict[str, Any]) -> Usage:
    """Return the usage that a response states, which is read already."""
    usage = _stated(body)
    prompt, completion = 0, 0
    for prompt_name, completion_name in _NAMES:
        prompt = prompt or _count(usage, prompt_name)
        completion = completion or _count(usage, completion_name)
    return Usage(
        prompt=prompt,
        completion=completion,
        total=_count(usage, "total_tokens") or prompt + completion,
        cached=_cached(usage),
        **_made(body),
    )


def _stated(body: dict[str, Any]) -> dict[str, Any]:
    """Return the object that has the counts."""
    stated = body.get("usage")
    if isinstance(stated, dict) and stated:
        return stated
    choices = body.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        # Moonshot's streams have them in the choice that ends.
        if isinstance(choice, dict) and isinstance(choice.get("usage"), dict):
            return choice["usage"]  # type: ignore[no-any-return]
    groq = body.get("x_groq")
    if isinstance(groq, dict) and isinstance(groq.get("usage"), dict):
        return groq["usage"]  # type: ignore[no-any-return]
    # Ollama's own API has them beside the answer.
    return body


def _made(body: dict[str, Any]) -> dict[str, int]:
    """Return what our own workers have noted of pictures and sound."""
    told = body.get(MADE)
    if not isinstance(told, dict):
        return {}
    return {name: _count(told, name) for name in ("images", "characters", "audio_ms")}


def _cached(usage: dict[str, Any]) -> int:
    for name in ("prompt_tokens_details", "input_tokens_details"):
        details = usage.get(name)
        if isinstance(details, dict):
            return _count(details, "cached_tokens")
    # DeepSeek's and Moonshot's own words.
    return _count(usage, "prompt_cache_hit_tokens") or _count(usage, "cached_tokens")


def _count(values: dict[str, Any], name: str) -> int:
    value = values.get(name)
    if isinstance(value, float) and value.is_integer():
        # JSON has one kind of numbers, and some write each with a fraction.
        value = int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST
    return value if is_count else 0  # type: ignore[return-value]
