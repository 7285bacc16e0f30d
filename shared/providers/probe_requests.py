"""Requests for a probe of a provider, as they wait in Redis for a worker that probes."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from redis import Redis

from shared.store import redis_keys as keys

#: Most requests that wait: where nobody probes they must not pile up.
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """Whom to probe. `token`: where the answer is waited for; none if nobody waits.

    `refusal`: a call failed in a way that may be about all calls, such as a refused key; to be
    confirmed. `draft`: a provider that is not saved, as JSON, of which the models are wanted.
    """

    provider: str
    token: str = ""
    refusal: str = ""
    draft: str = ""

    def to_json(self) -> str:
        """Return the request as it waits."""
        return json.dumps(asdict(self))


_FIELDS: Final = tuple(ProbeRequest.__dataclass_fields__)


def request_probe(redis: Redis, request: ProbeRequest) -> None:
    """Leave a request. Raises RedisError."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.rpush(keys.PROBE_REQUESTS, request.to_json())
        pipe.ltrim(keys.PROBE_REQUESTS, -_MOST, -1)
        pipe.execute()


def take_requests(redis: Redis) -> list[ProbeRequest]:
    """Take all requests that wait, each once, however many had it. Raises RedisError.

    One that nobody can read is left out: the others are taken already.
    """
    requests: dict[ProbeRequest, None] = {}
    while (text := redis.lpop(keys.PROBE_REQUESTS)) is not None:
        with suppress(ValueError, TypeError):
            told: dict[str, Any] = json.loads(text)  # type: ignore[arg-type]
            known = {name: told[name] for name in _FIELDS if name in told}
            requests[ProbeRequest(**known)] = None
    return list(requests)
