"""The learned limits of providers, as this process knows them, and what it has seen since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.providers.provider import Provider
from shared.queues.adaptive import FIRST, Seen

#: What a provider says that has no room for a call: too many, unavailable, overloaded.
REFUSALS = (429, 503, 529)
#: For so many exchanges a limit is as low as refusals make it here: by then it has been judged.
_LOWERED_FOR: Final = 4


@dataclass(slots=True)
class _Lowered:
    """What refusals make of a limit until it is judged: one less each."""

    of: int
    to: int
    exchanges: int = 0


class LearnedLimits:
    """Of providers with `adaptive`; of others nothing is known."""

    def __init__(self) -> None:
        self._limits: dict[str, int] = {}
        self._seen: dict[str, Seen] = {}
        #: As the registry has them, and with their limits.
        self._applied: dict[str, tuple[Provider, Provider]] = {}
        self._lowered: dict[str, _Lowered] = {}

    def applied(self, provider: Provider) -> Provider:
        """Return the provider with the limit that holds now: its own, or the learned one below."""
        if not provider.adaptive:
            return provider
        limit = self._limits.get(provider.name, FIRST)
        if provider.concurrency is not None:
            limit = min(limit, provider.concurrency)
        if lowered := self._lowered.get(provider.name):
            limit = min(limit, lowered.to)
        source, applied = self._applied.get(provider.name, (None, provider))
        if source is not provider or applied.concurrency != limit:
            applied = provider.model_copy(update={"concurrency": limit})
            self._applied[provider.name] = (provider, applied)
        return applied

    def answered(self, provider: Provider, took_s: float) -> None:
        """Note an answer."""
        if provider.adaptive:
            took_ms = max(1, round(took_s * 1000))
            self._note(provider, Seen(answers=1, answers_ms=took_ms, answers_ms2=took_ms**2))

    def refused(self, provider: Provider, status: int | None, *, again: bool = False) -> bool:
        """Note a failure, if it says that there is no room; return whether it does.

        The limit is one lower at once: who comes until it is judged would be refused as well. A
        call that was refused before (`again`) says nothing new.
        """
        if not provider.adaptive or status not in REFUSALS:
            return False
        if not again:
            self._note(provider, Seen(refused=1))
            self._lower(provider)
        return True

    def take(self) -> dict[str, Seen]:
        """Return what was seen since this was last asked."""
        seen, self._seen = self._seen, {}
        return seen

    def learn(self, limits: dict[str, int]) -> None:
        """Take over what is known in the cluster."""
        for name, lowered in list(self._lowered.items()):
            lowered.exchanges += 1
            if limits.get(name) != lowered.of or lowered.exchanges >= _LOWERED_FOR:
                del self._lowered[name]
        self._limits = limits

    def _lower(self, provider: Provider) -> None:
        limit = self._limits.get(provider.name, FIRST)
        lowered = self._lowered.setdefault(provider.name, _Lowered(limit, limit))
        lowered.to, lowered.exchanges = max(1, lowered.to - 1), 0

    def _note(self, provider: Provider, one: Seen) -> None:
        self._seen[provider.name] = self._seen.get(provider.name, Seen()).and_then(one)
