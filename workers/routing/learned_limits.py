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
class _Refused:
    """Calls that were refused since a limit was judged: it is so much lower here."""

    calls: int = 0
    exchanges: int = 0


class LearnedLimits:
    """Of providers with `adaptive`; of others nothing is known."""

    def __init__(self) -> None:
        self._limits: dict[str, int] = {}
        self._seen: dict[str, Seen] = {}
        #: As the registry has them, and with their limits.
        self._applied: dict[str, tuple[Provider, Provider]] = {}
        self._refused: dict[str, _Refused] = {}

    def applied(self, provider: Provider) -> Provider:
        """Return the provider with the limit that holds now: its own, or the learned one below."""
        if not provider.adaptive:
            return provider
        limit = self._judged(provider)
        if refused := self._refused.get(provider.name):
            limit = max(1, limit - refused.calls)
        source, applied = self._applied.get(provider.name, (None, provider))
        if source is not provider or applied.concurrency != limit:
            applied = provider.model_copy(update={"concurrency": limit})
            self._applied[provider.name] = (provider, applied)
        return applied

    def is_least(self, provider: Provider) -> bool:
        """Whether one call at once is all that it gets: who refuses that is down, and not full."""
        return self._judged(provider) == 1

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
            refused = self._refused.setdefault(provider.name, _Refused())
            refused.calls, refused.exchanges = refused.calls + 1, 0
        return True

    def take(self) -> dict[str, Seen]:
        """Return what was seen since this was last asked."""
        seen, self._seen = self._seen, {}
        return seen

    def learn(self, limits: dict[str, int]) -> None:
        """Take over what is known in the cluster."""
        for name, refused in list(self._refused.items()):
            refused.exchanges += 1
            # One that is higher was so before: a slot of it was given that had no room.
            is_judged = limits.get(name, FIRST) < self._limits.get(name, FIRST)
            if is_judged or refused.exchanges >= _LOWERED_FOR:
                del self._refused[name]
        self._limits = limits

    def _judged(self, provider: Provider) -> int:
        limit = self._limits.get(provider.name, FIRST)
        return limit if provider.concurrency is None else min(limit, provider.concurrency)

    def _note(self, provider: Provider, one: Seen) -> None:
        self._seen[provider.name] = self._seen.get(provider.name, Seen()).and_then(one)
