"""However often and in parallel receivers misbehave, the worker holds what it held before."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.callbacks.callback_leaks import run

#: What may come and go beside: one fault that left a socket at each attempt would leave 12.
_SOCKETS = 4
_MEMORY_BYTES = 24 * 2**20


def test_worker_holds_no_sockets_and_no_more_memory_after_every_fault_many_times(
    tmp_path: Path,
) -> None:
    before, first, *_, last, after = run(tmp_path, 3)
    assert after.attempts > 3 * 100
    assert after.sockets <= before.sockets + _SOCKETS
    # The first round fills caches; from then on it has no reason to grow.
    assert last.memory_bytes <= first.memory_bytes + _MEMORY_BYTES
