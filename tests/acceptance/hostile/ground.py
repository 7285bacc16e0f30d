"""What a hostile peer and its innocent neighbour both stand on: one running stack."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.acceptance.system.api import Api
from tests.acceptance.system.stack import Stack


@dataclass(frozen=True)
class Ground:
    """A stack, and the seed of whatever a peer chooses by chance."""

    stack: Stack
    seed: int = 0
    #: How long a peer rests between two of its steps (seconds); 0: it does not.
    pace_s: float = 0.0

    @property
    def port(self) -> int:
        """The gateway's port on 127.0.0.1."""
        port = urlsplit(self.stack.url).port
        assert port is not None
        return port

    @property
    def rng(self) -> random.Random:
        """A fresh generator of this ground's seed."""
        return random.Random(self.seed)

    def new_key(self) -> str:
        """Issue a key, of another owner; return it."""
        secret = (self.stack.directory / "auth_secret").read_text("ascii").strip()
        with self.stack.api(secret) as admin:
            made = admin.post("/api/CreateApiKey", json={"name": "another"})
        assert made.status_code == 200, made.text
        return str(made.json()["key"])

    def api(self) -> Api:
        """Return a session of a client with a key."""
        return self.stack.api()


#: A hostile peer: while the block lasts, it does its worst. It may start processes
#: (`peer_process.running`), configure the stack over its API, queue jobs.
Peer = Callable[[Ground], AbstractContextManager[object]]
