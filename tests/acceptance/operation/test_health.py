"""`replyto health` and the probes, against workers that live, are killed, freeze, or lose Redis."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests

from tests.acceptance.system.polling import until
from tests.acceptance.system.redis_relay import RedisRelay
from tests.acceptance.system.stack import CALLBACKS, CHAT, COMPLETION, GATEWAY, REDIS, Stack

#: A worker is called dead after ten seconds of silence; the machine may be busy (seconds).
_NOTICED_S = 30.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("health")) as stack:
        yield stack.open(REDIS, GATEWAY, CHAT, COMPLETION, CALLBACKS)


def health(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a container's check does."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "health", *words],
        env=stack.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def is_well(stack: Stack, *words: str) -> bool:
    return health(stack, *words).returncode == 0


def test_health_of_what_lives_and_of_what_is_killed_frozen_or_cut_off(stack: Stack) -> None:
    """One stack for all: starting it takes longer than all of this."""
    relay = RedisRelay(stack.env["REPLYTO_REDIS_URL"])
    cut_off = stack.pool("cut-off", ["demo-instant"], 5)
    stack.give(cut_off, REPLYTO_REDIS_URL=relay.url)
    stack.start(cut_off)
    stack.wait_ready()
    for words in ([], ["gateway"], ["worker"], ["worker", CHAT], ["worker", cut_off]):
        told = health(stack, *words)
        assert told.returncode == 0, told
        assert "ok" in told.stdout
    assert requests.get(f"{stack.url}/readyz", timeout=10).status_code == 200

    relay.cut()
    stack.pause(COMPLETION)
    stack.kill(CALLBACKS)
    for name in (cut_off, COMPLETION, CALLBACKS):
        until(
            lambda: not is_well(stack, "worker", name),  # noqa: B023
            f"{name} is ill",
            within_s=_NOTICED_S,
            every_s=1.0,
        )
    assert is_well(stack, "worker", CHAT)
    assert is_well(stack, "worker")

    stack.resume(COMPLETION)
    until(
        lambda: is_well(stack, "worker", COMPLETION), "it is well again", within_s=60, every_s=1.0
    )


def test_probes_name_what_is_away_and_answer_while_redis_is_frozen(stack: Stack) -> None:
    stack.pause(REDIS)
    try:
        began_s = time.monotonic()
        answer = requests.get(f"{stack.url}/readyz", timeout=30)
        assert answer.status_code == 503
        assert answer.json()["checks"]["database"] == "ok"
        assert answer.json()["checks"]["redis"] != "ok"
        # Redis says nothing, and yet who asks is answered in its time.
        assert time.monotonic() - began_s < 10
        assert requests.get(f"{stack.url}/livez", timeout=30).status_code == 200
        assert not is_well(stack)
        assert not is_well(stack, "worker", CHAT)
    finally:
        stack.resume(REDIS)
    until(lambda: is_well(stack), "the gateway is ready again", within_s=60, every_s=1.0)
