"""The live registry in Redis: one document and its version; a change is made as a whole, or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from shared.providers import registry_document
from shared.providers.provider import Provider
from shared.providers.registry_document import RegistryDocument
from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.clock import unix_ms
from shared.store.scripts import Call

#: How often a change is made anew because somebody else was faster.
_TRIES: Final = 20


class RegistryBusy(Exception):
    """Others have changed the registry each time this change was to be saved."""


class RegistryStore(Store):
    """Reads and changes the registry. Raises redis.RedisError."""

    def version(self) -> int:
        """Return the version now; 0 for a registry that was never saved."""
        value: Any = self._client.get(keys.REGISTRY_VERSION)
        return int(value or 0)

    def read(self) -> tuple[int, RegistryDocument]:
        """Return the version and the document that has it."""
        values: Any = self._client.mget(keys.REGISTRY_VERSION, keys.REGISTRY)
        version, text = values
        document = RegistryDocument.model_validate_json(text) if text else RegistryDocument()
        return int(version or 0), document

    def change(self, make: Callable[[RegistryDocument], RegistryDocument]) -> RegistryDocument:
        """Save what `make` makes of the registry; return it. Raises RegistryBusy."""
        for _ in range(_TRIES):
            version, document = self.read()
            new = make(document)
            if new == document or self._save(version, new):
                return new
        raise RegistryBusy

    def seed(self, file: list[Provider] | None) -> RegistryDocument:
        """Let the registry follow the providers file; without a file it stays as it is."""
        now_ms = unix_ms()
        if file is None:
            return self.read()[1]
        return self.change(lambda document: registry_document.seeded(document, file, now_ms))

    def _save(self, version: int, document: RegistryDocument) -> bool:
        call = Call(
            "save_registry",
            [keys.REGISTRY, keys.REGISTRY_VERSION],
            [version, document.model_dump_json(), keys.PROVIDERS_CHANNEL],
        )
        return bool(self._scripts.run(call))
