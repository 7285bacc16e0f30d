"""Hostile clients without a key, as peers by name: what they do is in `clients.py`."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any, Final

from tests.acceptance.hostile.ground import Ground, Peer
from tests.acceptance.hostile.peers import clients
from tests.acceptance.hostile.peers.peer_process import Deed, running


def at_gateway(deed: Deed, **options: Any) -> Peer:
    """Return the peer that does this to the gateway."""

    def begin(ground: Ground) -> AbstractContextManager[object]:
        return running(deed, ground.port, ground.seed, pace_s=ground.pace_s, **options)

    return begin


#: Connections of the crowd that says nothing; ten thousand take a minute to be made.
_CROWD: Final = int(os.environ.get("HOSTILE_CROWD", "2000"))
_FILE: Final = "/static/x/js/admin/main.js"

PEERS: Final[dict[str, Peer]] = {
    "chunks of one byte, at no endpoint": at_gateway(clients.tiny_chunks),
    "chunks of one byte, at one": at_gateway(clients.tiny_chunks, path="/session"),
    "an extension without end": at_gateway(clients.endless_extension),
    "trailers without end": at_gateway(clients.endless_trailers),
    "a head without end": at_gateway(clients.endless_head),
    "a huge body that nobody wants": at_gateway(clients.unread_body),
    "pipelined: 404, read": at_gateway(clients.pipelined, read=True),
    "pipelined: 404, unread": at_gateway(clients.pipelined),
    "pipelined: 401, read": at_gateway(clients.pipelined, path="/v1/models", read=True),
    "pipelined: a file, read": at_gateway(clients.pipelined, path=_FILE, read=True),
    "pipelined: a file, unread": at_gateway(clients.pipelined, path=_FILE),
    "pipelined on fifty connections": at_gateway(clients.pipelined, read=True, count=50),
    "one after the other on fifty connections": at_gateway(clients.in_turn, count=50),
    "heads byte by byte": at_gateway(clients.trickling_heads, count=500),
    "bodies byte by byte": at_gateway(clients.trickling_bodies, count=500),
    "a crowd that says nothing": at_gateway(clients.idle_crowd, count=_CROWD),
    "a crowd that comes and goes": at_gateway(clients.arriving_crowd),
    "answers that nobody reads": at_gateway(clients.unread_answers, path=_FILE, count=200),
}
