"""Takes out of a request what the API would refuse beside the rest of it. Pure.

What is changed is told by the name of the client's field: in a header, and in the job's attempt.
https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility
"""

from __future__ import annotations

import re
from typing import Any, Final

from shared.wire.answers.said import object_of
from workers.providers.anthropic.models import Sampling, Thinking, Traits

Json = dict[str, Any]

#: What `top_p` may be at least beside thoughts.
_LEAST_TOP_P: Final = 0.95
#: Values that change nothing: to leave them out is not worth a word.
_DEFAULTS: Final = {"temperature": (1,), "top_p": (1,), "top_k": (0, -1)}
#: The longest id of a user.
_LONGEST_USER: Final = 256
_is_mail = re.compile(r"[^@\s]+(?:@|%40)[^@\s]+\.[^@\s]+", re.IGNORECASE).search
# A number as people write it, whole: of a phone or a card; an id of digits alone is one to the API.
_is_number = re.compile(r"(?:tel:)?\+?(?:[\s().-]*[0-9]){7,}[\s().-]*", re.IGNORECASE).fullmatch


class Adjusted:
    """The names of the fields that were changed, each once."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def note(self, *names: str) -> None:
        """Note fields by their names."""
        self._names |= dict.fromkeys(names)

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, as they came."""
        return tuple(self._names)


def may_think(request: Json, traits: Traits) -> bool:
    """Whether the API would let the model think about this at all."""
    forced = (request.get("tool_choice") or {}).get("type") in ("any", "tool")
    is_begun = request["messages"][-1]["role"] == "assistant"
    return traits.thinking is not Thinking.NEVER and not forced and not is_begun


def fit_sampling(request: Json, traits: Traits, adjusted: Adjusted) -> None:
    """Leave those of temperature, top_p and top_k that the model takes, as it takes them."""
    if traits.sampling is Sampling.NONE:
        _drop(request, ("temperature", "top_p", "top_k"), adjusted)
    elif is_thinking(request):
        _fit_to_thinking(request, adjusted)
    both = "temperature" in request and "top_p" in request
    if both and traits.sampling is Sampling.ONE_OF:
        # The one whose loss changes nothing, if one is; else `temperature` is what most tune.
        lesser = "temperature" if request["temperature"] == 1 else "top_p"
        _drop(request, (lesser,), adjusted)


def is_thinking(request: Json) -> bool:
    """Whether the request asks the model to think."""
    return object_of(request.get("thinking")).get("type") in ("enabled", "adaptive")


def _fit_to_thinking(request: Json, adjusted: Adjusted) -> None:
    if request.get("temperature") != 1:
        _drop(request, ("temperature",), adjusted)
    _drop(request, ("top_k",), adjusted)
    top_p = request.get("top_p")
    is_flag = isinstance(top_p, bool)
    if isinstance(top_p, int | float) and not is_flag and top_p < _LEAST_TOP_P:
        request["top_p"] = _LEAST_TOP_P
        adjusted.note("top_p")


def _drop(request: Json, names: tuple[str, ...], adjusted: Adjusted) -> None:
    for name in names:
        if name in request and request.pop(name) not in _DEFAULTS[name]:
            adjusted.note(name)


def opaque_user(given: Json, adjusted: Adjusted) -> str | None:
    """Return the first name of the user that the API takes: no personal data, not too long."""
    for field in ("user", "safety_identifier"):
        user = given.get(field)
        if not isinstance(user, str) or not user:
            continue
        if len(user) <= _LONGEST_USER and not _is_mail(user) and not _is_number(user):
            return user
        adjusted.note(field)
    return None


def visible_stops(stop: object, adjusted: Adjusted) -> list[Any]:
    """Return the sequences that end an answer, without those of blanks alone: they are refused."""
    sequences = stop if isinstance(stop, list) else [stop]
    kept = [one for one in sequences if not isinstance(one, str) or one.strip()]
    if len(kept) < len(sequences):
        adjusted.note("stop")
    return kept
