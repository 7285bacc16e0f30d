"""The learned limits of providers, as this process knows them, and what it has seen since."""

from __future__ import annotations

from shared.providers.provider import Provider
from shared.queues.adaptive import FIRST, Seen

#: What a provider says that has no room for a call: too many, unavailable, overloaded.
REFUSALS = (429, 503, 529)


class LearnedLimits:
    """Of providers with `adaptive`; of others nothing is known."""

    def __init__(self) -> None:
        self._limits: dict[str, int] = {}
        self._seen: dict[str, Seen] = {}
        #: As the registry has them, and with their limits.
        self._applied: dict[str, tuple[Provider, Provider]] = {}

    def applied(self, provider: Provider) -> Provider:
        """Return the provider with the limit that holds now: its own, or the learned one below."""
        if not provider.adaptive:
            return provider
        limit = self._limits.get(provider.name, FIRST)
        if provider.concurrency is not None:
            limit = min(limit, provider.concurrency)
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

    def refused(self, provider: Provider, status: int | None) -> bool:
        """Note a failure, if it says that there is no room; return whether it does."""
        if not provider.adaptive or status not in REFUSALS:
            return False
        self._note(provider, Seen(refused=1))
        return True

    def take(self) -> dict[str, Seen]:
        """Return what was seen since this was last asked."""
        seen, self._seen = self._seen, {}
        return seen

    def learn(self, limits: dict[str, int]) -> None:
        """Take over what is known in the cluster."""
        self._limits = limits

    def _note(self, provider: Provider, one: Seen) -> None:
        self._seen[provider.name] = self._seen.get(provider.name, Seen()).and_then(one)
