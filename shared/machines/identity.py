"""The identity of one ReplyTo: the fingerprints that its first process left in Redis."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import redis

from shared.machines.fingerprints import described
from shared.machines.server_version import refuse_old_server
from shared.settings import Settings, SettingsError
from shared.store import redis_keys as keys
from shared.store.refusals import ClusterMode

log = logging.getLogger(__name__)


class MachineDiffers(SettingsError):
    """This process is not configured as the others are; the message says in what."""


class IdentityBook:
    """Reads and writes the fingerprints. Raises redis.RedisError."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def differing(self, own: Mapping[str, str]) -> frozenset[str]:
        """Return the names of those that are others here; note those that nobody has noted yet."""
        noted: Any = self._client.hgetall(keys.IDENTITY)
        return self.note(own, noted)

    def note(self, own: Mapping[str, str], noted: Mapping[bytes, bytes]) -> frozenset[str]:
        """The same, with what was read already."""
        texts = {name.decode(): value.decode() for name, value in noted.items()}
        missing = own.keys() - texts.keys()
        if missing:
            # Two that are first at the same moment: one writes, and both read what it wrote.
            pipe = self._client.pipeline(transaction=True)
            for name in sorted(missing):
                pipe.hsetnx(keys.IDENTITY, name, own[name])
            pipe.hgetall(keys.IDENTITY)
            texts = {name.decode(): value.decode() for name, value in pipe.execute()[-1].items()}
        return frozenset(name for name, value in own.items() if texts.get(name, value) != value)

    def adopt(self, own: Mapping[str, str]) -> None:
        """Make these the identity: from now on it is the others that differ."""
        mapping: Any = dict(own)
        self._client.hset(keys.IDENTITY, mapping=mapping)


def check_at_start(settings: Settings, client: redis.Redis, own: Mapping[str, str]) -> None:
    """Refuse to run beside processes that are configured otherwise, unless told otherwise.

    A Redis that does not answer now is asked again while the process runs. Raises SettingsError:
    MachineDiffers, or for a Redis that is none for us, such as one that is too old.
    """
    book = IdentityBook(client)
    try:
        refuse_old_server(client)
        # Servers of a cluster refuse any two keys that they keep in different places.
        client.exists(keys.JOB_ID, keys.IDENTITY)
        differing = book.differing(own)
        if differing and settings.on_mismatch == "adopt":
            book.adopt(own)
            log.warning("the others are to follow this process in %s", described(differing))
            return
    except ClusterMode as exc:
        raise SettingsError(f"REPLYTO_REDIS_URL: {exc}") from None
    except redis.RedisError as exc:
        log.warning("cannot use the Redis of REPLYTO_REDIS_URL yet, trying on: %s", exc)
        return
    if differing and settings.on_mismatch == "refuse":
        raise MachineDiffers(
            f"{told(differing)}. Set the same on all machines; to change it everywhere, start with "
            "REPLYTO_ON_MISMATCH=adopt; to start all the same, with REPLYTO_ON_MISMATCH=warn"
        )
    if differing:
        log.warning("%s", told(differing))


def told(differing: frozenset[str]) -> str:
    """Return in one line what is wrong."""
    return f"other processes on this Redis have another value: {described(differing)}"
