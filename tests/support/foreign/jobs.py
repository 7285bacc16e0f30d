"""Jobs of one owner, and every endpoint asked for them with somebody else's key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple
from unittest.mock import patch

import redis
from pydantic import SecretStr

from gateway.responses import forms as response_view
from shared.api_keys.scopes import Scope
from shared.dtos.catalog import CATALOG
from shared.dtos.endpoint import Endpoint
from shared.jobs.moves import Result
from shared.security.signing import new_private_key
from shared.settings import new_callback_secret
from shared.store import redis_keys
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, Gateway, build

#: What stands in the jobs' questions and answers, and in the URLs of their callbacks.
CONTENT, ADDRESS = "content-of-somebody-else", "address-of-somebody-else"


class ForeignJob(NamedTuple):
    """What names a job."""

    id: int
    ref_id: str


def new_gateway(client: redis.Redis) -> Gateway:
    """Return a gateway with everything set that an endpoint may need."""
    return build(
        client,
        new_settings(
            api_key=SecretStr(API_KEY),
            auth_secret=SecretStr(ADMIN_SECRET),
            sync_timeout_s=0.1,
            callback_allow_private=True,
            callback_secret=SecretStr(new_callback_secret()),
            callback_private_keys=SecretStr(new_private_key()),
        ),
    )


def issue(gateway: Gateway, scopes: Collection[Scope]) -> str:
    """Return a new key with these scopes."""
    wanted = {"name": "s", "scopes": sorted(scopes)}
    return str(gateway.post("/api/CreateApiKey", wanted, key=ADMIN_SECRET).json["key"])


def make_jobs(gateway: Gateway) -> list[ForeignJob]:
    """Make jobs that wait and one that has ended, with chunks and a callback; and a response."""
    request = {**CHAT, "messages": [{"role": "user", "content": CONTENT}], "stream": True}
    made = [
        gateway.queue(refId=f"ref-{n}", replyTo=f"http://127.0.0.1:9/{ADDRESS}", request=request)
        for n in (1, 2)
    ]
    gateway.run(made[0]["id"], Result.response(b'{"id":"%s"}' % CONTENT.encode()))
    response = {"model": "m", "input": CONTENT, "background": True, "refId": "ref-3"}
    shown = gateway.post("/v1/responses", response)
    assert shown.status_code == 200, shown.data
    made.append({"id": response_view.job_id_of(shown.json["id"]), "refId": "ref-3"})
    return [ForeignJob(job["id"], job["refId"]) for job in made]


def stored(gateway: Gateway, jobs: Sequence[ForeignJob]) -> list[Any]:
    """Return all that the ledger holds of the jobs."""
    return [gateway.redis.hgetall(redis_keys.job(job.id)) for job in jobs]


def ask_all(
    gateway: Gateway, key: str, jobs: Sequence[ForeignJob]
) -> Iterator[tuple[str, Endpoint[Any], Any]]:
    """Call every endpoint for every job, named in each way: what was called, endpoint, answer.

    Those that make jobs of the caller's own come last: these could have the same RefIds.
    """
    for endpoint in sorted(CATALOG, key=lambda one: not one.names_job):
        for path, method in product(endpoint.paths, endpoint.methods):
            for which in _ways_to_name(path, jobs):
                # No worker runs here: what is waited for does not come.
                with patch("gateway.inference.answer._GRACE_S", 0.0):
                    told = _call(gateway, key, path, method, which)
                yield f"{method} {path} {which}", endpoint, told


def denies(answer: Any) -> bool:
    """Whether the answer is that there is no such thing, or that the caller may not ask."""
    if answer.status_code == 403:
        return True
    return answer.status_code == 404 and answer.json["error"]["code"] != "unknown_url"


def must_deny(endpoint: Endpoint[Any], held: Collection[Scope]) -> bool:
    """Whether it must deny a foreign job to a key with these scopes: also by denying all."""
    return endpoint.names_job or bool(endpoint.scopes and not {*held} & {*endpoint.scopes})


def _ways_to_name(path: str, jobs: Sequence[ForeignJob]) -> Iterator[dict[str, Any]]:
    for job in jobs:
        if "<response_id>" in path:
            yield {"response_id": response_view.id_of(job.id)}
        yield {"id": job.id, "jobId": job.id}
        if "<" not in path:
            yield {"refId": job.ref_id}


def _call(gateway: Gateway, key: str, path: str, method: str, which: dict[str, Any]) -> Any:
    path = re.sub("<[^>]+>", str(next(iter(which.values()))), path)
    send = {"query_string": which} if method in {"GET", "DELETE"} else {"json": which}
    return gateway.client.open(
        path, method=method, headers={"Authorization": f"Bearer {key}"}, **send
    )
