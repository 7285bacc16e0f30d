"""What a callbacks worker holds while receivers misbehave in parallel, again and again.

`python -m tests.acceptance.callback_leaks ROUNDS` runs it by hand and prints what was held.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.delivery_store import DeliveryStore
from tests.acceptance.callback_faults import all_ended, queue_all
from tests.acceptance.faulty_receivers import Fault, all_faults, running
from tests.acceptance.polling import until
from tests.acceptance.stack import CALLBACKS, Stack
from tests.factories import new_settings

#: Two attempts each, soon given up: what counts is how many there are.
_SETTINGS = {
    "REPLYTO_CALLBACK_SCHEDULE": "0.1",
    "REPLYTO_CALLBACK_OVERLOAD_PAUSE_S": "0.1",
    "REPLYTO_CALLBACK_READ_TIMEOUT_S": "1",
    "REPLYTO_CALLBACK_TIMEOUT_S": "1.5",
}
#: Receivers of each fault in one round.
_EACH = 4
_ROUND_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Held:
    """What the worker held after a round, and how many attempts it had made in it."""

    memory_bytes: int
    sockets: int
    attempts: int


def rounds(folder: Path, count: int) -> Iterator[Held]:
    """Let every fault happen so many times on one worker; yield what it held after each."""
    faults, authority = all_faults(folder)
    many = [Fault(f"{f.name} {n}", f.answers, f.tls, f.url) for f in faults for n in range(_EACH)]
    stack = Stack(folder / "stack", settings={**_SETTINGS, "SSL_CERT_FILE": str(authority)})
    with stack:
        stack.open()
        for _ in range(count):
            yield _round(stack, many)


def _round(stack: Stack, faults: list[Fault]) -> Held:
    """Make one round, at receivers that nobody has met before."""
    store = DeliveryStore(stack.redis, new_settings())
    with running(faults) as receivers:
        jobs = queue_all(stack, {f.name: f.url or receivers[f.name].url for f in faults})
        done = until(lambda: all_ended(store, jobs), "all have ended", within_s=_ROUND_LIMIT_S)
        attempts = sum(len(delivery.log) for delivery in done.values())
        # While their receivers are there: what is closed with them proves nothing.
        return Held(stack.memory_bytes(CALLBACKS), stack.sockets(CALLBACKS), attempts)


def main() -> None:
    """Print what was held after each round."""
    with tempfile.TemporaryDirectory(prefix="replyto-leaks-") as name:
        for number, held in enumerate(rounds(Path(name), int(sys.argv[1])), 1):
            sys.stdout.write(
                f"round {number}: {held.attempts} attempts, then "
                f"{held.memory_bytes / 2**20:.1f} MiB, {held.sockets} sockets\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
