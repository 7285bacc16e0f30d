"""What a callbacks worker holds while receivers misbehave in parallel, again and again.

`python -m tests.acceptance.callbacks.callback_leaks ROUNDS` runs it by hand and prints
what was held.
"""

from __future__ import annotations

import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.callbacks.delivery_store import DeliveryStore
from tests.acceptance.callbacks.callback_faults import all_ended, queue_all
from tests.acceptance.callbacks.faulty_receivers import Fault, all_faults, running
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import CALLBACKS, Stack
from tests.support.factories import new_settings

#: Two attempts each, soon given up: what counts is how many there are.
_SETTINGS = {
    # A port of an earlier round may come again: its receiver would be at rest.
    "REPLYTO_CALLBACK_BREAKER_FAILURES": "1000000",
    "REPLYTO_CALLBACK_SCHEDULE": "0.1",
    "REPLYTO_CALLBACK_OVERLOAD_PAUSE_S": "0.1",
    "REPLYTO_CALLBACK_READ_TIMEOUT_S": "1",
    "REPLYTO_CALLBACK_TIMEOUT_S": "1.5",
}
#: Receivers of each fault in one round.
_EACH = 4
_ROUND_LIMIT_S = 180.0
#: Longer than a connection is kept (seconds).
_IDLE_S = 16.0


@dataclass(frozen=True, slots=True)
class Held:
    """What the worker held at some moment, and how many attempts it had made by then."""

    when: str
    attempts: int
    memory_bytes: int
    sockets: int


def run(folder: Path, rounds: int) -> Iterator[Held]:
    """Let every fault happen so often on one worker; yield what it holds before, between, after."""
    known, authority = all_faults(folder)
    # Those of nobody's receiver would wait for each other.
    faults = [fault for fault in known if not fault.url]
    many = [Fault(f"{f.name} {n}", f.answers, f.tls) for f in faults for n in range(_EACH)]
    stack = Stack(folder / "stack", settings={**_SETTINGS, "SSL_CERT_FILE": str(authority)})
    attempts = 0
    with stack:
        stack.open()
        _send_one(stack)
        yield _held(stack, "before", attempts)
        for number in range(1, rounds + 1):
            attempts += _round(stack, many)
            yield _held(stack, f"round {number}", attempts)
        time.sleep(_IDLE_S)
        # Kept connections are looked at when there is something to send.
        _send_one(stack)
        yield _held(stack, "after", attempts)


def _held(stack: Stack, when: str, attempts: int) -> Held:
    return Held(when, attempts, stack.memory_bytes(CALLBACKS), stack.sockets(CALLBACKS))


def _send_one(stack: Stack) -> None:
    """Let the worker send a callback to a receiver that answers."""
    path = f"/{uuid.uuid4().hex}"
    [job_id] = queue_all(stack, {"one": stack.receiver.url(path)}).values()
    store = DeliveryStore(stack.redis, new_settings())
    until(lambda: all_ended(store, {"one": job_id}), "it is delivered")


def _round(stack: Stack, faults: list[Fault]) -> int:
    """Make one round, at receivers that nobody has met before; return the number of attempts."""
    store = DeliveryStore(stack.redis, new_settings())
    with running(faults) as receivers:
        jobs = queue_all(stack, {f.name: f.url or receivers[f.name].url for f in faults})
        done = until(lambda: all_ended(store, jobs), "all have ended", within_s=_ROUND_LIMIT_S)
    return sum(len(delivery.log) for delivery in done.values())


def main() -> None:
    """Print what was held."""
    with tempfile.TemporaryDirectory(prefix="replyto-leaks-") as name:
        for held in run(Path(name), int(sys.argv[1])):
            memory = f"{held.memory_bytes / 2**20:.1f} MiB"
            sys.stdout.write(
                f"{held.when}: {held.attempts} attempts, {memory}, {held.sockets} sockets\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
