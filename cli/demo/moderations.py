"""Judgements of the demo LLM: by a few words, and labelled as what they are."""

from __future__ import annotations

import re
import secrets
from typing import Any, Final

from cli.demo.answers import Json, checked, parse_json, text_of
from cli.demo.reply import Reply

#: Words by the category that they are flagged for.
_WORDS: Final = {
    "harassment": r"\bidiot",
    "hate": r"\bhate\b",
    "illicit": r"\bbomb",
    "self-harm": r"\bsuicide",
    "sexual": r"\bsex",
    "violence": r"\b(?:kill|murder|attack)",
}


def parse(body: bytes) -> Json:
    """Read the request; raises BadRequest as a server would refuse it."""
    request = {"model": "demo", **parse_json(body)}
    return checked(request, "input", str | list)


def reply(request: Json, echo: bytes | None) -> Reply:
    """Return a judgement of each text."""
    del echo
    given = request["input"]
    texts = [given] if isinstance(given, str) else given
    if texts and isinstance(texts[0], dict):
        texts = [text_of(texts)]
    whole: dict[str, Any] = {
        "id": f"modr-{secrets.token_hex(12)}",
        "model": request["model"],
        "results": [_judged(str(text)) for text in texts],
    }
    return Reply(whole, iter(()), 0)


def _judged(text: str) -> Json:
    found = {name: bool(re.search(words, text.lower())) for name, words in _WORDS.items()}
    return {
        "flagged": any(found.values()),
        "categories": found,
        "category_scores": {name: 0.99 if is_there else 0.01 for name, is_there in found.items()},
        "category_applied_input_types": {name: ["text"] for name in found},
    }
