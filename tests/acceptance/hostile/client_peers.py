"""Hostile clients without a key, as peers by name: what they do is in `clients.py`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final

from tests.acceptance.hostile import clients
from tests.acceptance.hostile.ground import Ground, Peer
from tests.acceptance.hostile.peer_process import Deed, running


def at_gateway(deed: Deed, **options: Any) -> Peer:
    """Return the peer that does this to the gateway."""

    def begin(ground: Ground) -> AbstractContextManager[object]:
        return running(deed, ground.port, ground.seed, **options)

    return begin


PEERS: Final[dict[str, Peer]] = {
    "heads byte by byte": at_gateway(clients.trickling_heads, count=500),
    "bodies byte by byte": at_gateway(clients.trickling_bodies, count=500),
}
