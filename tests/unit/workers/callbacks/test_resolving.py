"""Look-ups that hang hold up nobody else's."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import gevent
import pytest

from workers.callbacks.resolving import NameNotResolved, Resolver

FOUND = [("the address",)]


@pytest.fixture
def hang() -> Iterator[threading.Event]:
    """What look-ups of names that hang wait for, in their native threads."""
    released = threading.Event()
    yield released
    released.set()


def test_new_names_are_looked_up_while_all_names_of_another_owner_hang(
    hang: threading.Event,
) -> None:
    def lookup(host: str, _port: int) -> Sequence[Any]:
        if host.startswith("hang"):
            hang.wait()
        return FOUND

    resolver = Resolver(lookup, within_s=0.2)

    def give_up(number: int) -> None:
        with pytest.raises(NameNotResolved):
            resolver.look_up(f"hang{number}.example", 443, "one")

    gevent.joinall([gevent.spawn(give_up, n) for n in range(150)], raise_error=True)
    began = time.monotonic()
    assert resolver.look_up("new.example", 443, "two") == FOUND
    assert time.monotonic() - began < 0.2
    with pytest.raises(NameNotResolved):
        resolver.look_up("fine.example", 443, "one")
