"""How much bulk work the providers' servers let this process begin, by what they tell."""

from __future__ import annotations

from collections.abc import Mapping

from shared.queues.server_queues import Pace, Reading, paced


class ServerQueues:
    """Of providers with `metrics_url`; of others nothing is known, and all may begin."""

    def __init__(self) -> None:
        self._paces: dict[str, Pace] = {}

    def learn(self, readings: Mapping[str, Reading | None]) -> None:
        """Take over the last readings of all providers that have some; None: there was none."""
        self._paces = {
            name: paced(self._paces.get(name, Pace()), reading)
            for name, reading in readings.items()
        }

    def began(self, provider: str, number: int = 1) -> None:
        """Note that so many calls of bulk work begin; below 0: that they do not, after all."""
        pace = self._paces.get(provider)
        if pace is not None:
            self._paces[provider] = pace.begun(number)

    def is_shut(self, provider: str) -> bool:
        """Whether no more bulk work is to begin there for now."""
        pace = self._paces.get(provider)
        return pace is not None and pace.left <= 0

    @property
    def shut(self) -> frozenset[str]:
        """The providers of which that is so."""
        if not self._paces:
            return _NONE
        return frozenset(name for name, pace in self._paces.items() if pace.left <= 0)


_NONE: frozenset[str] = frozenset()
