"""The other sides of a run, as deeds: an LLM that means well, hostile upstreams and receivers.

Each listens on the errand's port.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Final

from tests.acceptance.hostile.peers.peer_process import Errand
from tests.support.rude_receivers import ENDLESS, Deed, RudeReceiver, hangs, never_reads
from tests.upstreams import good, kinds, wire
from tests.upstreams.manner import Manner
from tests.upstreams.manners import MANNERS, endless
from tests.upstreams.server import Asked, KeepOpen, RawUpstream, Reply

#: A hostile answer sends no more than this, and a piece each so many seconds: 20 MB/s at most.
_MOST_BYTES: Final = 200_000_000
_PIECE_S: Final = 0.005
_LONG_EVENTS: Final = 3000
_LOOK_S: Final = 0.5

#: The answers without end, and those that are larger than they look.
HOSTILE: Final[tuple[Manner, ...]] = tuple(
    manner for manner in MANNERS if manner.title in endless.TITLES
)
#: What hostile receivers do; a path's first part is the index of one.
RECEIVERS: Final[tuple[Deed, ...]] = (*ENDLESS.values(), hangs, never_reads)


def kind_llm(errand: Errand) -> None:
    """Answer every chat well; `/long` in streams of thousands of events."""
    _serve(errand, {"good": _well, "long": _long})


def hostile_upstreams(errand: Errand) -> None:
    """Answer as the hostile manners do, each under its own path."""
    _serve(errand, {manner.slug: _bounded(manner.reply, errand) for manner in HOSTILE})


def hostile_receivers(errand: Errand) -> None:
    """Answer callbacks as hostile receivers do, by their path."""

    def by_path(sock: socket.socket) -> None:
        target = sock.recv(4096, socket.MSG_PEEK).split(b" ")[1]
        errand.count()
        RECEIVERS[int(target.split(b"/")[1]) % len(RECEIVERS)](sock)

    server = RudeReceiver(by_path, errand.port)
    errand.count()
    while errand.goes_on():
        time.sleep(_LOOK_S)
    server.stop()


def well_meant(port: int) -> str:
    """Return the providers, as text of a providers file, whose LLM is `kind_llm` at this port."""
    url = f"http://127.0.0.1:{port}"
    return _provider("good", "openai", f"{url}/good", "demo-instant") + _provider(
        "long", "openai", f"{url}/long", "demo"
    )


def hostile(port: int) -> str:
    """Return the providers of the hostile upstreams at this port: a model each, of their names."""
    return "".join(
        _provider(one.slug, one.kind.dialect, f"http://127.0.0.1:{port}/{one.slug}", one.slug)
        for one in HOSTILE
    )


def _provider(name: str, dialect: str, url: str, model: str) -> str:
    return (
        f'[[provider]]\nname = "{name}"\ntype = "{dialect}"\nbase_url = "{url}"\n'
        f'models = ["{model}"]\n'
    )


def _serve(errand: Errand, replies: dict[str, Reply]) -> None:
    server = RawUpstream(replies).start(errand.port)
    errand.count()
    while errand.goes_on():
        time.sleep(_LOOK_S)
        server.forget()
    server.stop()


def _bounded(reply: Reply, errand: Errand) -> Reply:
    def bounded(asked: Asked) -> Iterator[bytes]:
        sent_bytes = 0
        errand.count()
        for piece in reply(asked):
            yield piece
            sent_bytes += len(piece)
            if sent_bytes > _MOST_BYTES:
                return
            time.sleep(_PIECE_S)

    return bounded


def _well(asked: Asked) -> Iterator[bytes]:
    yield from good.answer(kinds.CHAT_STREAM if _is_streamed(asked) else kinds.CHAT)
    raise KeepOpen


def _long(_asked: Asked) -> Iterator[bytes]:
    yield wire.head(wire.SSE)
    for _ in range(_LONG_EVENTS):
        yield wire.event(good.chunk({"content": "x" * 20}))
        time.sleep(0.001)
    yield wire.event(good.CHUNKS[3]) + wire.DONE


def _is_streamed(asked: Asked) -> bool:
    return b'"stream": true' in asked.body or b'"stream":true' in asked.body
