"""A gateway on a fake Redis, and a worker's hand to move its jobs, for tests of the wire."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import redis
from flask import Flask
from flask.testing import FlaskClient

from gateway.app import create_app
from gateway.services import Services, attach, services_on
from shared.callbacks.delivery_store import DeliveryStore
from shared.database.database import Database
from shared.errors import DatabaseUnavailable
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.providers.provider import Provider
from shared.settings import Settings
from tests.support.factories import MessageLists, new_database

API_KEY = "ak-test-key"
ADMIN_SECRET = "ak-admin-secret"

PROVIDERS = [
    Provider.model_validate(
        {
            "name": "acme",
            "base_url": "http://127.0.0.1:1/v1",
            "models": {"m": "acme/m", "n": "n"},
        }
    )
]


@dataclass(frozen=True, slots=True)
class Gateway:
    """The app's test client, with the key of its caller, the ledger and the history beneath."""

    client: FlaskClient
    jobs: JobStore
    redis: redis.Redis
    database: Database
    deliveries: DeliveryStore
    services: Services

    def break_database(self) -> None:
        """Let the database be away from now on."""

        def away(*_: Any, **__: Any) -> Any:
            raise DatabaseUnavailable

        vars(self.database).update(read=away, write=away)

    def post(self, path: str, body: Any = None, key: str | None = API_KEY, **kwargs: Any) -> Any:
        """POST JSON; bytes go as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", **_auth(key), **kwargs.pop("headers", {})}
        return self.client.post(path, data=data, headers=headers, **kwargs)

    def get(self, path: str, key: str | None = API_KEY, **kwargs: Any) -> Any:
        """GET with the key."""
        return self.client.get(path, headers=_auth(key), **kwargs)

    def queue(self, **envelope: Any) -> dict[str, Any]:
        """Queue a chat and return the answer."""
        answer = self.post("/api/QueueOpenAiChatCompletion", {"request": CHAT, **envelope})
        assert answer.status_code == 200, answer.data
        return dict(answer.json)

    def run(self, job_id: int, result: Result) -> None:
        """Claim the job, store its result, complete it. A message is taken, as by a worker."""
        MessageLists(self.redis).take("chat.m")
        claim = self.jobs.claim(job_id, "chat.m", 5, "worker")
        assert claim is not None
        self.jobs.execute(job_id, claim.attempt, result)
        job = self.jobs.get(job_id)
        assert job is not None
        self.jobs.complete([job])


CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


#: Apps by the settings that shape one: compiling their routes takes longer than most tests.
_apps: dict[str, Flask] = {}


def _app_of(services: Services) -> Flask:
    """Return an app of its own with these services, whose routes may be another's too."""
    shape = str(services.settings.model_dump(include={"max_body_bytes", "cors_origins"}))
    if services.settings.trusted_proxies:
        return create_app(services)
    if shape not in _apps:
        _apps[shape] = create_app(services)
    app = copy(_apps[shape])
    app.extensions = {}
    attach(app, services)
    return app


def _auth(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def build(
    client: redis.Redis, settings: Settings, providers: Sequence[Provider] = PROVIDERS
) -> Gateway:
    """Return a gateway on this Redis, by default with one provider of two models."""
    services = services_on(client, new_database(), settings, providers, {})
    app = _app_of(services)
    return Gateway(
        app.test_client(),
        services.jobs,
        client,
        services.database,
        services.callbacks.deliveries,
        services,
    )
