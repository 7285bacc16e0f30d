"""A list of models is read within its time, whatever the provider sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
import redis
import requests

from shared.settings import Settings
from tests.support.factories import FakeClock
from tests.support.worker_deps import FakeLlm, build
from workers.maintenance import model_lists
from workers.maintenance.model_lists import ModelsUnknown, model_names


class _Dripping(requests.Response):
    """Sends a byte now and then, for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.status_code = 200
        self.is_closed = False

    def iter_content(self, *_: Any, **__: Any) -> Iterator[bytes]:
        while True:
            gevent.sleep(0.001)
            yield b" "

    def close(self) -> None:
        self.is_closed = True


class _Session(requests.Session):
    def __init__(self) -> None:
        super().__init__()
        self.response = _Dripping()

    def get(self, *_: Any, **__: Any) -> requests.Response:
        return self.response


def test_list_that_drips_for_ever_is_given_up(
    fake_redis: redis.Redis,
    settings: Settings,
    fake_clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model_lists, "_TIMEOUT_S", 0.05)
    session = _Session()
    deps = build(fake_redis, settings, fake_clock, FakeLlm(), llm_session=session).probes
    provider = deps.routing.registry.providers[0]
    with pytest.raises(ModelsUnknown, match="could not be reached"):
        model_names(deps.access, session, provider)
    assert session.response.is_closed
