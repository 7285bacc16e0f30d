"""Tells how long the jobs of killed processes took to recover. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tests.acceptance.chaos.ledgers import Happened, Ledgers, LlmCall, Told
from tests.acceptance.chaos.records import Records, by_marker

#: What a Redis is hit by that goes on running and refuses to write.
REFUSALS = ("demote", "fill")
#: How long before the noted kill a call may be cut, and how long after: clocks and threads.
_CUT_BEFORE_S, _CUT_AFTER_S = 0.2, 2.0
#: Longest that the receiver takes for an answer (seconds).
_LONGEST_POST_S = 3.0


def recoveries(ledgers: Ledgers) -> Iterator[tuple[Told, str, float]]:
    """Yield (job, kind of the killed process, seconds until the job was done after the kill).

    Counted are the jobs that the process had in hand: a chat worker's calls, which the LLM saw
    break; the answered jobs which the completion worker had not made final; the callbacks whose
    sender broke off; and, of Redis, all three. Of several kills that hit one job the last counts:
    each begins its recovery anew; a Redis that refuses to write counts as one killed. A job on a
    failing model has recovered when it runs again, and one that a chat worker then took down with
    it has recovered from the kill of Redis before.
    """
    kills = [h for h in ledgers.happened if h.action == "kill" or h.action in REFUSALS]
    calls, callbacks = by_marker(ledgers.calls), by_marker(ledgers.callbacks)
    for told in ledgers.told:
        mine = Records(told, calls[told.marker], callbacks[told.marker])
        last: dict[str, tuple[float, float]] = {}
        for kill in kills:
            done_at = _IN_HAND[kill.kind](mine, kill.at) if kill.kind in _IN_HAND else None
            if done_at is not None:
                last[kill.kind] = (kill.at, done_at)
        if "chat" in last:
            last["chat"] = _unseen(mine, kills, *last["chat"])
        if "redis" in last and (again := _cut_later(mine, kills, *last["redis"])):
            last["redis"] = (last["redis"][0], again)
        for kind, (kill_at, done_at) in last.items():
            yield told, kind, done_at - kill_at


def _unseen(
    mine: Records, kills: Sequence[Happened], kill_at: float, done_at: float
) -> tuple[float, float]:
    """Return the kill that counts when an attempt ended before it called the LLM."""
    if mine.told.attempts > len(mine.calls):
        hits = [k.at for k in kills if k.kind == "chat" and kill_at < k.at < done_at]
        return max(hits, default=kill_at), done_at
    return kill_at, done_at


def _cut_later(
    mine: Records, kills: Sequence[Happened], kill_at: float, done_at: float
) -> float | None:
    """Return when the job ran again, if that call died with its worker before the job was done.

    What follows is the recovery from that other kill. A call that ran already when Redis was killed
    had nothing to recover from: its worker's death is all that counts.
    """
    deaths = [k.at for k in kills if k.kind == "chat" and kill_at < k.at < done_at]
    cut = [call for call in mine.calls if any(_cut_by(call, at) for at in deaths)]
    return max(kill_at, min(call.received_at for call in cut)) if cut else None


def _cut_by(call: LlmCall, kill_at: float) -> bool:
    return (
        call.cut
        and call.ended_at is not None
        and call.received_at <= kill_at
        and kill_at - _CUT_BEFORE_S <= call.ended_at <= kill_at + _CUT_AFTER_S
    )


def _after_chat(mine: Records, kill_at: float) -> float | None:
    if not any(_cut_by(call, kill_at) for call in mine.calls):
        return None
    if mine.told.may_fail or mine.told.cancels:
        again = (call.received_at for call in mine.calls if call.received_at > kill_at)
        return min(again, default=mine.told.completed_at)
    return mine.told.completed_at


def _after_completion(mine: Records, kill_at: float) -> float | None:
    winner, done_at = mine.winner(), mine.told.completed_at
    if winner is None or winner.ended_at is None or done_at is None:
        return None
    return done_at if winner.ended_at <= kill_at < done_at else None


def _after_callbacks(mine: Records, kill_at: float) -> float | None:
    broken = [c for c in mine.callbacks if c.received_at <= kill_at and c.answered_at is None]
    if not broken or kill_at - broken[-1].received_at > _LONGEST_POST_S:
        return None
    # When it came: how long the receiver then takes is its own affair.
    done = (c.received_at for c in mine.callbacks if (c.answered_at or 0) > kill_at)
    return min(done, default=None)


def _after_redis(mine: Records, kill_at: float) -> float | None:
    done_at = mine.told.completed_at
    if done_at is None or mine.told.may_fail:
        return None
    begun = any(call.received_at <= kill_at for call in mine.calls)
    return done_at if begun and kill_at < done_at else None


_IN_HAND: dict[str, Callable[[Records, float], float | None]] = {
    "chat": _after_chat,
    "completion": _after_completion,
    "callbacks": _after_callbacks,
    "redis": _after_redis,
}
