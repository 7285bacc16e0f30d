"""Decides what follows a callback's answer: an end, or another attempt and when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.delivery import DeliveryState, NextStep

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
#: Pauses after the first, second, … attempt (seconds); about 76 hours in all.
PAUSES_S: Final = (
    5.0,
    30.0,
    2 * _MINUTE,
    10 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
#: Jitter adds up to this share of a pause.
JITTER: Final = 0.2
#: A receiver's Retry-After is honoured up to this (seconds).
RETRY_AFTER_CAP_S: Final = 6 * _HOUR
#: An overloaded receiver is not asked again before this (seconds).
OVERLOAD_PAUSE_S: Final = _MINUTE

_GONE: Final = 410
_OVERLOADED: Final = frozenset((429, 502, 503, 504))


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What came of one POST: an HTTP status, or the error that prevented one."""

    status: int | None = None
    error: str = ""
    timed_out: bool = False
    refused: bool = False
    abort: bool = False
    retry_after_s: float | None = None
    head: str = ""


def next_step(answer: CallbackAnswer, tries: int, jitter: float) -> NextStep:
    """Judge an answer. `tries`: attempts recorded before this one; `jitter` in 0…1."""
    status = answer.status
    if status is not None and 200 <= status < 300 and not answer.abort:  # noqa: PLR2004
        return NextStep(DeliveryState.DELIVERED, f"the receiver answered {status}")
    stop = _reason_to_stop(answer)
    if stop:
        return NextStep(DeliveryState.STOPPED, stop)
    what = answer.error or f"the receiver answered {status}"
    if tries >= len(PAUSES_S):
        return NextStep(DeliveryState.EXHAUSTED, what)
    return NextStep(DeliveryState.PENDING, what, _pause_s(answer, tries, jitter))


def _reason_to_stop(answer: CallbackAnswer) -> str:
    if answer.refused:
        return answer.error
    if answer.status == _GONE:
        return "the receiver answered 410: it does not want this callback"
    return "the receiver asked to abort the message" if answer.abort else ""


def _pause_s(answer: CallbackAnswer, tries: int, jitter: float) -> float:
    pause = PAUSES_S[tries] * (1 + JITTER * jitter)
    if answer.timed_out or answer.status in _OVERLOADED:
        pause = max(pause, OVERLOAD_PAUSE_S)
    return max(pause, min(answer.retry_after_s or 0.0, RETRY_AFTER_CAP_S))
