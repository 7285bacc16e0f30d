"""`REPLYTO_NO_PROVIDER=refuse`: who sends a job that nobody can answer now is told so at once."""

from __future__ import annotations

import pytest
from servicestack import JsonServiceClient

from tests.acceptance.clients import servicestack_provider_dtos as dtos
from tests.acceptance.system.api import chat
from tests.acceptance.system.stack import GATEWAY, REDIS, Stack

ADMIN = "ak-admin-of-the-no-provider-test"


def test_job_is_refused_while_its_provider_is_offline_and_accepted_before_and_after(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    settings = {"REPLYTO_NO_PROVIDER": "refuse", "REPLYTO_AUTH_SECRET": ADMIN}
    with Stack(tmp_path_factory.mktemp("refuse"), demo_models=("a",), settings=settings) as stack:
        stack.open(REDIS, GATEWAY)
        admin = JsonServiceClient(stack.url).set_bearer_token(ADMIN)
        with stack.api() as api:
            assert api.queue(chat("a"))["id"] == 1
            admin.send(dtos.ChangeAiProviderStatus(provider="demo", online=False))
            queued = api.post("/api/QueueOpenAiChatCompletion", json={"request": chat("a")})
            synchronous = api.post("/v1/chat/completions", json=chat("a"))
            for refused in (queued, synchronous):
                assert refused.status_code == 503
                assert refused.json()["error"]["code"] == "no_provider"
                assert refused.headers["retry-after"]
            # Nothing was half accepted: the next job has the next id.
            admin.send(dtos.ChangeAiProviderStatus(provider="demo", online=True))
            assert api.queue(chat("a"))["id"] == 2
        admin._session.close()
