"""What becomes of a callback under every fault of its receiver: run for real, told as a table.

`python -m tests.acceptance.callbacks.callback_faults` runs it with a quick schedule and rewrites
the table in docs/callbacks.md. For the real schedule see `callback_real.py`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.callbacks.delivery import Delivery, DeliveryState
from shared.callbacks.delivery_store import DeliveryStore
from tests.acceptance.callbacks.faulty_receivers import FaultyReceiver, all_faults, running
from tests.acceptance.system.api import chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack
from tests.support.factories import new_settings

#: As quick as a tick a second allows; four attempts.
QUICK: Final = {
    "REPLYTO_CALLBACK_SCHEDULE": "0.5,1,2",
    "REPLYTO_CALLBACK_OVERLOAD_PAUSE_S": "2.5",
    # Long enough for the receivers that answer, also on a busy machine.
    "REPLYTO_CALLBACK_DNS_TIMEOUT_S": "5",
    "REPLYTO_CALLBACK_CONNECT_TIMEOUT_S": "5",
    "REPLYTO_CALLBACK_READ_TIMEOUT_S": "5",
    "REPLYTO_CALLBACK_TIMEOUT_S": "6",
}
_PAGE: Final = Path(__file__).parents[3] / "docs" / "callbacks.md"
_BEGIN: Final = "<!-- made by `python -m tests.acceptance.callbacks.callback_faults` -->\n"
_END: Final = "<!-- end -->\n"


@dataclass(frozen=True, slots=True)
class Case:
    """One fault, what its receiver saw, and what became of the delivery."""

    job_id: int
    body: bytes
    delivery: Delivery
    bodies: list[bytes] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


def run(folder: Path, settings: Mapping[str, str], within_s: float) -> dict[str, Case]:
    """Let every fault happen at once on one stack; return what came of each."""
    faults, authority = all_faults(folder)
    environment = {**settings, "SSL_CERT_FILE": str(authority)}
    stack = Stack(folder / "stack", settings=environment)
    with running(faults) as receivers, stack:
        stack.open()
        urls = {f.name: f.url or receivers[f.name].url for f in faults}
        jobs = queue_all(stack, urls)
        store = DeliveryStore(stack.redis, new_settings())
        done = until(lambda: all_ended(store, jobs), "all deliveries ended", within_s=within_s)
        return {name: _case(stack, jobs[name], done[name], receivers.get(name)) for name in urls}


def queue_all(stack: Stack, urls: Mapping[str, str]) -> dict[str, int]:
    """Queue a job for each receiver; return the ids by the receivers' names."""
    with stack.api() as api:
        return {
            name: api.queue(chat("demo-instant", name), replyTo=url)["id"]
            for name, url in urls.items()
        }


def all_ended(store: DeliveryStore, jobs: Mapping[str, int]) -> dict[str, Delivery] | None:
    """Return what became of the deliveries, as soon as none of them is Pending."""
    ended = {}
    for name, job_id in jobs.items():
        delivery = store.get(job_id)
        if delivery is None or delivery.state is DeliveryState.PENDING:
            return None
        ended[name] = delivery
    return ended


def _case(stack: Stack, job_id: int, delivery: Delivery, receiver: FaultyReceiver | None) -> Case:
    body = stack.redis.hget(f"job:{job_id}", "response")
    assert isinstance(body, bytes)
    seen = (receiver.bodies, receiver.ids) if receiver else ([], [])
    return Case(job_id, body, delivery, *seen)


def table(cases: Mapping[str, Case]) -> str:
    """Return the table as Markdown."""
    columns = ("the receiver", "attempts", "log says", "pauses, seconds", "the delivery is")
    return markdown(columns, (_row(name, case) for name, case in cases.items()))


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown."""
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(name: str, case: Case) -> Sequence[str]:
    log = case.delivery.log
    said = dict.fromkeys(str(row.status or row.error) for row in log)
    pauses = [f"{row.next_attempt_in_s:.1f}" for row in log if row.next_attempt_in_s is not None]
    state = case.delivery.state
    return (name, str(len(log)), ", ".join(said), ", ".join(pauses) or "-", str(state))


def main() -> None:
    """Run, print, and rewrite the page's table."""
    with tempfile.TemporaryDirectory(prefix="replyto-faults-") as name:
        made = table(run(Path(name), QUICK, 100.0))
    sys.stdout.write(made)
    before, _, rest = _PAGE.read_text("utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    _PAGE.write_text(f"{before}{_BEGIN}\n{made}\n{_END}{after}", "utf-8")


if __name__ == "__main__":
    main()
