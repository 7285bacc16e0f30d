"""Key holders that have the gateway's workers talk with hostile upstreams and receivers: deeds."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.acceptance.hostile.peers.peer_process import Errand
from tests.acceptance.hostile.peers.servers import HOSTILE, RECEIVERS
from tests.acceptance.system.api import Api, chat

#: Longest wait for an answer of a hostile upstream (seconds).
_TIMEOUT_S = 60


def ask_hostile_upstreams(errand: Errand) -> None:
    """Ask models whose upstreams are hostile, some at once, in an order of the seed.

    Option `title`: only those of this sort.
    """
    title = errand.options.get("title")
    asked = [manner for manner in HOSTILE if title in (None, manner.title)]

    def ask(api: Api) -> None:
        manner = errand.rng.choice(asked)
        # Before: an answer may take as long as an attempt may.
        errand.count()
        api.post(manner.kind.path, json=manner.kind.request(manner.slug), timeout=_TIMEOUT_S)

    _at_once(errand, ask)


def name_hostile_receivers(errand: Errand) -> None:
    """Queue jobs whose callbacks go to hostile receivers, under some paths of one host."""
    port = errand.options["receivers"]

    def queue(api: Api) -> None:
        errand.count()
        path = f"{errand.rng.randrange(len(RECEIVERS))}/{errand.rng.randrange(10)}"
        # Whoever is refused comes again.
        asked = {"request": chat("demo-instant"), "replyTo": f"http://127.0.0.1:{port}/{path}"}
        api.post("/api/QueueOpenAiChatCompletion", json=asked)

    _at_once(errand, queue)


def _at_once(errand: Errand, deed: Callable[[Api], None]) -> None:
    """Do it again and again in some threads; raise what the first of them raised."""
    raised: list[Exception] = []

    def work() -> None:
        try:
            with Api(f"http://127.0.0.1:{errand.port}", errand.options["key"]) as api:
                while errand.goes_on() and not raised:
                    deed(api)
        except Exception as exc:
            raised.append(exc)

    threads = [threading.Thread(target=work) for _ in range(errand.options["count"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
