"""The faults of receivers with the real schedule, watched for a while: run by hand.

`python -m tests.acceptance.callbacks.callback_real MINUTES` prints when each attempt was made,
and every minute what the worker holds: the schedule takes days, its first attempts minutes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from shared.callbacks.delivery import Delivery
from shared.callbacks.delivery_store import DeliveryStore
from tests.acceptance.callbacks.callback_faults import markdown, queue_all
from tests.acceptance.callbacks.faulty_receivers import all_faults, running
from tests.acceptance.system.stack import CALLBACKS, Stack
from tests.support.factories import new_settings

_COLUMNS = ("the receiver", "attempts", "made after, seconds", "log says", "the delivery is")


def watch(folder: Path, minutes: float) -> dict[str, Delivery]:
    """Let every fault happen with the default settings; return where the deliveries stand then."""
    faults, authority = all_faults(folder)
    stack = Stack(folder / "stack", settings={"SSL_CERT_FILE": str(authority)})
    with running(faults) as receivers, stack:
        stack.open()
        jobs = queue_all(stack, {f.name: f.url or receivers[f.name].url for f in faults})
        _print_held(stack, minutes)
        store = DeliveryStore(stack.redis, new_settings())
        return {name: found for name, job in jobs.items() if (found := store.get(job))}


def _print_held(stack: Stack, minutes: float) -> None:
    """Print every minute what the worker holds."""
    for minute in range(round(minutes)):
        held = f"{stack.memory_bytes(CALLBACKS) >> 20} MiB, {stack.sockets(CALLBACKS)} sockets"
        sys.stdout.write(f"minute {minute}: the worker holds {held}\n")
        sys.stdout.flush()
        time.sleep(60)


def rows(deliveries: Mapping[str, Delivery]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table."""
    for name, delivery in deliveries.items():
        log = delivery.log
        after = [f"{(row.started_ms - log[0].started_ms) / 1000:.1f}" for row in log]
        said = dict.fromkeys(str(row.status or row.error) for row in log)
        yield name, str(len(log)), ", ".join(after), ", ".join(said), str(delivery.state)


def main() -> None:
    """Watch for as many minutes as the command line says."""
    with tempfile.TemporaryDirectory(prefix="replyto-real-") as name:
        deliveries = watch(Path(name), float(sys.argv[1]))
    sys.stdout.write(markdown(_COLUMNS, rows(deliveries)))


if __name__ == "__main__":
    main()
