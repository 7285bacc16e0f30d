"""The providers' health in Redis, shared by the whole cluster. Raises redis.RedisError."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from shared.providers.health import WELL, Health, HealthBook, Standing, field_of
from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.clock import milliseconds
from shared.store.scripts import Call


@dataclass(frozen=True, slots=True)
class Failed:
    """What a failed call says of its provider.

    `asked_s` is the rest that the provider asked for, `at_once` whether one failure is enough.
    """

    standing: Standing
    reason: str
    asked_s: float = 0.0
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class RestPolicy:
    """When a provider is given a rest, and for how long (seconds)."""

    failures: int
    first_s: float
    longest_s: float


class HealthStore(Store):
    """Reads and changes the health of providers and of their models."""

    def refresh(self, book: HealthBook) -> None:
        """Bring the book to what Redis has, if that has changed."""
        value: Any = self._client.get(keys.HEALTH_VERSION)
        version = int(value or 0)
        if version != book.version:
            book.replace(version, self.read())

    def read(self) -> dict[str, Health]:
        """Return all that is remembered, by field."""
        rows: Any = self._client.hgetall(keys.HEALTH)
        return {name.decode(): Health.model_validate_json(row) for name, row in rows.items()}

    def failed(
        self, provider: str, model: str, failed: Failed, policy: RestPolicy, job_id: int
    ) -> Health:
        """Note a failed call; return what is remembered now. No model: it is about all of them.

        Failures of one job count once, however often it is tried.
        """
        call = Call(
            "note_failure",
            [keys.HEALTH, keys.HEALTH_VERSION],
            [
                self._clock(),
                field_of(provider, model),
                failed.standing,
                failed.reason,
                1 if failed.at_once else policy.failures,
                milliseconds(policy.first_s),
                milliseconds(policy.longest_s),
                milliseconds(failed.asked_s),
                keys.PROVIDERS_CHANNEL,
                job_id,
            ],
        )
        return Health.model_validate_json(self._scripts.run(call))

    def recovered(self, provider: str, model: str = "") -> None:
        """Forget the failures: a call was answered. An operator's word stands."""
        # An answer of a call from before it went offline brings it back as well as a probe does.
        self._set(provider, model, None, [one for one in Standing if one is not Standing.HELD])

    def set(self, provider: str, health: Health, *, if_standing: Collection[Standing] = ()) -> bool:
        """Remember this of the provider, if its standing is still one of these (none: any)."""
        return self._set(provider, "", None if health == WELL else health, if_standing)

    def forget(self, provider: str) -> None:
        """Forget all about a provider and its models."""
        for name in self.read():
            if name == provider or name.startswith(field_of(provider, " ")[:-1]):
                self._run_set(name, None, ())

    def _set(
        self, provider: str, model: str, health: Health | None, if_standing: Collection[Standing]
    ) -> bool:
        return self._run_set(field_of(provider, model), health, if_standing)

    def _run_set(
        self, field: str, health: Health | None, if_standing: Collection[Standing]
    ) -> bool:
        replaceable = f" {' '.join(if_standing)} " if if_standing else ""
        call = Call(
            "set_health",
            [keys.HEALTH, keys.HEALTH_VERSION],
            [
                field,
                health.model_dump_json() if health else "",
                keys.PROVIDERS_CHANNEL,
                replaceable,
            ],
        )
        return bool(self._scripts.run(call))
