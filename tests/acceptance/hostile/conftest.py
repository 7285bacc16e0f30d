"""The stack of the hostile suite: what a peer does to it, it survives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.ports import free_port
from tests.acceptance.hostile.ground import Ground
from tests.acceptance.hostile.health import Vitals
from tests.acceptance.hostile.innocents import Innocent
from tests.acceptance.hostile.peers import servers
from tests.acceptance.hostile.peers.peer_process import running
from tests.acceptance.system.stack import Stack


@pytest.fixture(scope="package")
def upstreams() -> Iterator[int]:
    """Run the hostile upstreams; return their port."""
    port = free_port()
    with running(servers.hostile_upstreams, port):
        yield port


@pytest.fixture(scope="package")
def receivers() -> Iterator[int]:
    """Run the hostile receivers; return their port."""
    port = free_port()
    with running(servers.hostile_receivers, port):
        yield port


@pytest.fixture(scope="package")
def hostile_stack(tmp_path_factory: pytest.TempPathFactory, upstreams: int) -> Iterator[Stack]:
    """Start a whole ReplyTo, as `replyto up` runs it but for the time of an attempt."""
    with Stack(
        tmp_path_factory.mktemp("hostile"),
        demo_models=("demo-instant", "demo", "demo-hang"),
        providers=servers.hostile(upstreams),
        settings={
            "REPLYTO_CALLBACK_ALLOW_PRIVATE": "true",
            "REPLYTO_ATTEMPT_TIMEOUT_S": "30",
            "REPLYTO_MAX_ATTEMPTS": "2",
            "REPLYTO_PROVIDER_FAILURES": "1000000",
        },
    ) as stack:
        yield stack.open()


@pytest.fixture
def ground(hostile_stack: Stack) -> Iterator[Ground]:
    """Stand on the stack; at the end each process still does."""
    vitals = Vitals(hostile_stack)
    yield Ground(hostile_stack, seed=7)
    vitals.check()


@pytest.fixture
def innocent(ground: Ground) -> Iterator[Innocent]:
    """A client that means well."""
    innocent = Innocent(ground)
    yield innocent
    innocent.close()
