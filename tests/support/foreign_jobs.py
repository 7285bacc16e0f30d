"""Jobs of one owner, and every endpoint asked for them with somebody else's key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import redis
from pydantic import SecretStr
from werkzeug.routing import Rule

from gateway.responses import forms as response_view
from shared.api_keys.scopes import Scope
from shared.jobs.moves import Result
from shared.security.signing import new_private_key
from shared.settings import new_callback_secret
from shared.store import redis_keys
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, Gateway, build

#: Needs neither a model nor an input, so it would make jobs of the caller's own under their RefIds.
MAKES_JOBS = ("POST", "/v1/responses")
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


def routes(gateway: Gateway) -> Iterator[tuple[Rule, str, str]]:
    """Yield every route that the app has, its methods, and its path in the form of `/api/`."""
    for rule in gateway.client.application.url_map.iter_rules():
        path = rule.rule.replace("/json/reply/", "/api/").removesuffix(".json").removesuffix(".csv")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, path


def ask_all(
    gateway: Gateway, key: str, jobs: Sequence[ForeignJob]
) -> Iterator[tuple[str, str, Any]]:
    """Call every endpoint for every job, named in each way: what was called, path, answer."""
    for rule, method, path in routes(gateway):
        if (method, path) == MAKES_JOBS:
            continue
        for which in _ways_to_name(rule, jobs):
            yield f"{method} {rule} {which}", path, _call(gateway, key, rule, method, which)


def denies(answer: Any) -> bool:
    """Whether the answer is that there is no such thing, or that the caller may not ask."""
    if answer.status_code == 403:
        return True
    return answer.status_code == 404 and answer.json["error"]["code"] != "unknown_url"


def _ways_to_name(rule: Rule, jobs: Sequence[ForeignJob]) -> Iterator[dict[str, Any]]:
    for job in jobs:
        if "response_id" in rule.arguments:
            yield {"response_id": response_view.id_of(job.id)}
        yield {"id": job.id, "jobId": job.id}
        if not rule.arguments:
            yield {"refId": job.ref_id}


def _call(gateway: Gateway, key: str, rule: Rule, method: str, which: dict[str, Any]) -> Any:
    path = rule.rule
    for name in rule.arguments:
        for converter in ("", "int:", "path:", "string:"):
            path = path.replace(f"<{converter}{name}>", str(next(iter(which.values()))))
    send = {"query_string": which} if method in {"GET", "DELETE"} else {"json": which}
    return gateway.client.open(
        path, method=method, headers={"Authorization": f"Bearer {key}"}, **send
    )
