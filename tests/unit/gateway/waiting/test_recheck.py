"""Those who began to wait together do not look together for ever."""

from __future__ import annotations

from gateway.waiting import mailbox


def test_looks_of_waiting_calls_drift_apart_about_their_usual_time() -> None:
    found = [mailbox._recheck_s() for _ in range(1000)]
    assert len(set(found)) > 900
    assert min(found) >= mailbox.RECHECK_S * 0.7
    assert max(found) <= mailbox.RECHECK_S * 1.3
    assert abs(sum(found) / len(found) - mailbox.RECHECK_S) < mailbox.RECHECK_S / 20
