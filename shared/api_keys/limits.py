"""The limits of a key, and how they are told to its clients. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

#: What one unit of money counts in the ledger, which adds whole numbers only.
NANOS: Final = 1_000_000_000
#: Characters of a request that make about one token.
_CHARACTERS_A_TOKEN: Final = 4
#: What a file inside a request is taken for (tokens); its base64 says nothing about that.
_TOKENS_A_FILE: Final = 1_000
_FILE: Final = re.compile(r"(?:base64,|\"data\"\s*:\s*\")[A-Za-z0-9+/=_-]{256,}")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a key may take; None is without limit. Months are those of UTC."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent_jobs: int | None = None
    queued_jobs: int | None = None
    monthly_tokens: int | None = None
    monthly_cost_nanos: int | None = None
    #: The best tier of its jobs (-1 goes first, 1 last), turns in a row of its owner, and how long
    #: a call waits for its minute that somebody waits for (seconds).
    priority: int | None = None
    weight: int | None = None
    wait_secs: int | None = None

    def to_dict(self) -> dict[str, int]:
        """Return the limits that there are."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in values.items() if value is not None}

    def __bool__(self) -> bool:
        return bool(self.to_dict())

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Limits:
        """Read what `said` returned; names of another version are left out."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limits that one job is to be accepted under, and the tokens it will take at a guess."""

    key_id: str
    limits: Limits
    tokens: int = 0

    def to_json(self) -> str:
        """Return what `lua/includes/limits.lua` reads."""
        return json.dumps({**self.limits.to_dict(), "tokens": self.tokens}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Charge:
    """What a job took, once it has ended."""

    tokens: int = 0
    cost_nanos: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a key took of its limits in the last minute, and when that minute is over (ms)."""

    requests: int
    requests_reset_ms: int
    tokens: int
    tokens_reset_ms: int


def guess_tokens(body: str, *, most: int) -> int:
    """Return how many tokens a request may take: its text, and what it allows the answer.

    Never more than `most`, the limit itself: a request that is larger than it may run alone.
    """
    text, files = _FILE.subn("", body)
    prompt = math.ceil(len(text) / _CHARACTERS_A_TOKEN) + files * _TOKENS_A_FILE
    return min(most, prompt + _answer_tokens(json.loads(body)))


def _answer_tokens(request: Mapping[str, Any]) -> int:
    for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"):
        tokens = request.get(name)
        if type(tokens) is int and tokens > 0:
            choices = request.get("n")
            return tokens * (choices if type(choices) is int and choices > 0 else 1)
    return 0


def guess_from_sizes(request_bytes: int, response_bytes: int) -> int:
    """Return about how many tokens a job took whose LLM did not say."""
    return math.ceil((request_bytes + response_bytes) / _CHARACTERS_A_TOKEN)


def month_of(now_ms: int) -> str:
    """Return the month of a moment, as 2026-11, in UTC."""
    return datetime.fromtimestamp(now_ms / 1000, tz=UTC).strftime("%Y-%m")


def headers(limits: Limits, taken: Taken) -> dict[str, str]:
    """Return OpenAI's `x-ratelimit-…` headers.

    https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
    """
    rows = (
        ("requests", limits.requests_per_minute, taken.requests, taken.requests_reset_ms),
        ("tokens", limits.tokens_per_minute, taken.tokens, taken.tokens_reset_ms),
    )
    return {
        name: value
        for what, limit, used, reset_ms in rows
        if limit is not None
        for name, value in (
            (f"x-ratelimit-limit-{what}", str(limit)),
            (f"x-ratelimit-remaining-{what}", str(max(0, limit - used))),
            (f"x-ratelimit-reset-{what}", duration(reset_ms)),
        )
    }


def duration(ms: int) -> str:
    """Return a time as OpenAI writes it: 6ms, 1s, 1m30s."""
    if ms < 1000:  # noqa: PLR2004 - a second
        return f"{max(0, ms)}ms"
    minutes, seconds = divmod(math.ceil(ms / 1000), 60)
    return (f"{minutes}m" if minutes else "") + (f"{seconds}s" if seconds or not minutes else "")
