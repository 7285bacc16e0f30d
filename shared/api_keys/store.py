"""What gateways know of issued keys, and what these took of their limits, as Redis holds it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from shared.api_keys.limits import Taken
from shared.api_keys.record import ApiKey
from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.scripts import Call

#: Field of the records that says that they are all there; no digest is called so.
_COMPLETE: Final = "complete"


class RecordsMissing(Exception):
    """Redis has lost the records, or was never given them."""


class KeyStore(Store):
    """Reads and writes the records of keys. Raises redis.RedisError when Redis is away."""

    def find(self, digest: str) -> ApiKey | None:
        """Return what a secret opens, None when it is unknown.

        Raises RecordsMissing when it cannot be told.
        """
        row: Any = self._client.hmget(keys.KEY_RECORDS, [digest, _COMPLETE])
        record, complete = row
        if record is not None:
            return ApiKey.from_json(record)
        if complete is None:
            raise RecordsMissing
        return None

    def put(self, records: Iterable[ApiKey]) -> int:
        """Write records, each unless a newer one is there; return how many were written.

        Gateway processes hear of each one that was.
        """
        calls = [
            Call(
                "put_key",
                [keys.KEY_RECORDS, keys.KEY_CHANGES],
                [record.digest, record.revision, record.to_json()],
            )
            for record in records
        ]
        return sum(self._scripts.run_all(calls))

    def is_complete(self) -> bool:
        """Whether the records have been there since they were last rebuilt."""
        return bool(self._client.hexists(keys.KEY_RECORDS, _COMPLETE))

    def digests(self) -> set[str]:
        """Return the digests of all records."""
        names: Any = self._client.hkeys(keys.KEY_RECORDS)
        return {name.decode() for name in names} - {_COMPLETE}

    def complete(self, gone: Iterable[str]) -> None:
        """Say that all records are there, without those that are gone from the database."""
        pipe = self._client.pipeline()
        for digest in gone:
            pipe.hdel(keys.KEY_RECORDS, digest)
            pipe.publish(keys.KEY_CHANGES, digest)
        pipe.hset(keys.KEY_RECORDS, _COMPLETE, "1")
        pipe.execute()

    def taken(self, key_id: str) -> Taken:
        """Return what a key took of its limits in the last minute."""
        call = Call(
            "limits_taken", [keys.requests_of(key_id), keys.tokens_of(key_id)], [self._clock()]
        )
        return Taken(*(int(number) for number in self._scripts.run(call)))
