"""Hostile clients with a key: bodies that are costly to read, and streams that nobody reads."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import requests

from tests.acceptance.hostile.ground import Ground, Peer
from tests.acceptance.hostile.peers.peer_process import Deed, Errand, running
from tests.acceptance.hostile.peers.sockets import connection

_MB: Final = 1_000_000
_CHAT: Final = '{"model":"demo-instant","messages":[{"role":"user","content":"x"}],'
_CALL: Final = '{"model":"demo-instant","messages":['

#: Bodies of some megabytes each, as the call that carries them.
BODIES: Final[dict[str, Callable[[], str]]] = {
    "objects": lambda: _CHAT + '"tools":[' + ",".join(["{}"] * (6 * _MB)) + "]}",
    "as many values as are read": lambda: (
        _CHAT + '"RefId":"r","tools":[' + ",".join(["{}"] * 79_000) + "]}"
    ),
    "messages": lambda: (
        _CALL + ",".join(['{"Role":"user","Content":"x"}'] * 60_000) + '],"RefId":"r"}'
    ),
    "depth": lambda: _CHAT + '"tools":' + "[" * _MB + "]" * _MB + "}",
    "digits": lambda: _CHAT + '"seed":' + "9" * (5 * _MB) + "}",
    "names": lambda: _CHAT + ",".join(['"a":1'] * _MB) + "}",
    "one text": lambda: _CALL + '{"role":"user","content":"' + "x" * (15 * _MB) + '"}],"n":"x"}',
}


def costly_bodies(errand: Errand) -> None:
    """Send the body again and again."""
    body = BODIES[errand.options["body"]]().encode()
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update(_headers(errand))
        while errand.goes_on():
            errand.count()
            session.post(f"http://127.0.0.1:{errand.port}/v1/chat/completions", body, timeout=60)


def unread_streams(errand: Errand) -> None:
    """Ask for streams on many connections and read none of them."""
    body = json.dumps(
        {"model": "demo", "stream": True, "messages": [{"role": "user", "content": "x" * 5000}]}
    )
    lines = {**_headers(errand), "Host": "a", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    request = f"POST /v1/chat/completions HTTP/1.1\r\n{head}\r\n{body}".encode()
    with contextlib.ExitStack() as held:
        for _ in range(errand.options["count"]):
            link = held.enter_context(connection(errand))
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            link.sendall(request)
            errand.count()
        until = time.monotonic() + 20
        while errand.goes_on() and time.monotonic() < until:
            time.sleep(0.1)


def _headers(errand: Errand) -> dict[str, str]:
    key = errand.options["key"]
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}


def with_key(deed: Deed, slower: float = 1.0, **options: Any) -> Peer:
    """Return the peer that does this to the gateway, with a key; `slower`: than others."""

    def begin(ground: Ground) -> AbstractContextManager[object]:
        with_key = {"key": ground.stack.api_key, "pace_s": ground.pace_s * slower, **options}
        return running(deed, ground.port, ground.seed, **with_key)

    return begin


def _sender(name: str) -> Peer:
    # Each of them is megabytes that the ledger keeps for a while.
    return with_key(costly_bodies, slower=20, body=name)


#: Those whose bodies are read as a whole: in a thread, which takes its part of the process.
READERS: Final[dict[str, Peer]] = {
    f"a body of {name}": _sender(name)
    for name in ("as many values as are read", "messages", "names", "one text")
}
PEERS: Final[dict[str, Peer]] = {
    **{f"a body of {name}": _sender(name) for name in ("objects", "depth", "digits")},
    "streams that nobody reads": with_key(unread_streams, count=30),
}
