"""The stack of the hostile suite: what a peer does to it, it survives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.hostile.ground import Ground
from tests.acceptance.hostile.health import Vitals
from tests.acceptance.hostile.innocents import Innocent
from tests.acceptance.stack import Stack


@pytest.fixture(scope="session")
def hostile_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a whole ReplyTo, as `replyto up` runs it but for more attempts at Redis."""
    with Stack(
        tmp_path_factory.mktemp("hostile"),
        demo_models=("demo-instant", "demo", "demo-hang"),
        settings={"REPLYTO_CALLBACK_ALLOW_PRIVATE": "true"},
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
