"""Health, and what who has a key is told of the server."""

from __future__ import annotations

from importlib.metadata import version

import redis

from tests.support.foreign.jobs import new_gateway
from tests.support.gateway_client import ADMIN_SECRET


def test_server_tells_its_version_and_the_models_of_the_key(fake_redis: redis.Redis) -> None:
    gateway = new_gateway(fake_redis)
    told = gateway.get("/api/GetServerInfo").json
    assert (told["version"], told["models"]) == (version("replyto"), 2)
    assert gateway.get("/api/GetServerInfo", key=None).status_code == 401


def test_server_counts_no_model_that_the_key_may_not_use(fake_redis: redis.Redis) -> None:
    gateway = new_gateway(fake_redis)
    made = gateway.post("/api/CreateApiKey", {"name": "x", "models": ["m"]}, key=ADMIN_SECRET)
    assert gateway.get("/api/GetServerInfo", key=made.json["key"]).json["models"] == 1
