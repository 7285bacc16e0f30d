"""How providers are doing: what is remembered of one, and whether it may be called. Pure.

What a failure says of it is decided in `workers/routing/error_class.py`; how many there may be, in
`shared/lua/providers/note_failure.lua`.

Kept for a provider as a whole (it cannot be reached, it refuses our key, an operator took it
offline) and for each of its models (it answers, but with errors, or asks for a rest).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

from shared.providers.provider import Provider

#: Between a provider's name and its model's. Names hold no control characters.
_SEPARATOR: Final = "\x1f"
#: By how much machines' clocks may differ before one of them is taken to have been set back
#: (milliseconds).
_SET_BACK_MS: Final = 60_000


class Standing(StrEnum):
    """What a provider, or a model of it, is good for."""

    ONLINE = "online"
    #: It asked not to be called until a moment (Retry-After).
    LIMITED = "limited"
    #: It fails; called only when nobody else can answer.
    RESTING = "resting"
    #: Not called; a probe brings it back.
    OFFLINE = "offline"
    #: Not called; an operator brings it back.
    HELD = "held"


class Health(BaseModel):
    """What is remembered. Times are unix milliseconds, 0 for none."""

    model_config = ConfigDict(frozen=True)

    standing: Standing = Standing.ONLINE
    #: Failures in a row, of jobs that are not the same.
    failures: int = 0
    #: Ids of the last jobs that failed, each between spaces.
    jobs: str = ""
    #: Rests in a row: each one is longer than the one before.
    rests: int = 0
    since_ms: int = 0
    until_ms: int = 0
    reason: str = ""

    def at(self, now_ms: int) -> Standing:
        """Return the standing now: what rests or is limited is so until a moment."""
        timed = self.standing in (Standing.LIMITED, Standing.RESTING)
        return Standing.ONLINE if timed and self._is_over(now_ms) else self.standing

    def _is_over(self, now_ms: int) -> bool:
        """Whether its time is over: also when it has not begun, after a clock was set back."""
        return now_ms >= self.until_ms or now_ms < self.since_ms - _SET_BACK_MS

    @property
    def is_clean(self) -> bool:
        """Whether a success would change nothing."""
        return not self.failures and not self.rests and self.standing is Standing.ONLINE


WELL: Final = Health()
#: From better to worse.
_ORDER: Final = list(Standing)


def field_of(provider: str, model: str = "") -> str:
    """Return the name under which the health of a provider, or of its model, is kept."""
    return f"{provider}{_SEPARATOR}{model}" if model else provider


def provider_of(field: str) -> str:
    """Return the provider that a field is about."""
    return field.partition(_SEPARATOR)[0]


@dataclass(frozen=True, slots=True)
class Condition:
    """A provider's standing for one model now, and why."""

    standing: Standing
    reason: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether it may be called, if need be."""
        return self.standing in (Standing.ONLINE, Standing.RESTING)


class HealthBook:
    """What this process knows of the health of all providers."""

    def __init__(self) -> None:
        self.version = -1
        self._rows: Mapping[str, Health] = {}

    def replace(self, version: int, rows: Mapping[str, Health]) -> None:
        """Know these rows from now on."""
        self.version, self._rows = version, rows

    def note(self, field: str, health: Health) -> None:
        """Know this of one field, until the next rows come."""
        self._rows = {**self._rows, field: health}

    def of(self, provider: str, model: str = "") -> Health:
        """Return what is remembered."""
        return self._rows.get(field_of(provider, model), WELL)

    def condition(self, provider: str, model: str, now_ms: int) -> Condition:
        """Return the worse of the provider's standing and that of its model."""
        both = (self.of(provider), self.of(provider, model)) if model else (self.of(provider),)
        worst = max(both, key=lambda health: _ORDER.index(health.at(now_ms)))
        standing = worst.at(now_ms)
        return Condition(standing, worst.reason if standing is not Standing.ONLINE else "")

    def condition_of(self, provider: Provider, model: str, now_ms: int) -> Condition:
        """Return the same; a disabled provider is held."""
        if not provider.enabled:
            return Condition(Standing.HELD, "disabled")
        return self.condition(provider.name, model, now_ms)

    def is_clean(self, provider: str, model: str) -> bool:
        """Whether a success of this model at this provider would change nothing."""
        return not self._rows or (self.of(provider).is_clean and self.of(provider, model).is_clean)

    @property
    def rows(self) -> Mapping[str, Health]:
        """All that is remembered."""
        return self._rows
