"""Decides what follows a callback's answer: an end, or another attempt and when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from shared.callbacks.delivery import DeliveryState, Health, NextStep
from workers.callbacks.outcome import CallbackAnswer, ErrorClass

#: Jitter adds up to this share of a pause.
JITTER: Final = 0.2
#: A receiver's Retry-After is honoured up to this (seconds).
RETRY_AFTER_CAP_S: Final = 6 * 3600.0

_OVERLOADED: Final = frozenset((429, 502, 503, 504))


@dataclass(frozen=True, slots=True)
class Schedule:
    """When failed attempts are made again."""

    #: Pauses after the first, second, … attempt (seconds).
    pauses_s: Sequence[float]
    #: An overloaded receiver is not asked again before this (seconds).
    overload_pause_s: float

    def next_step(self, answer: CallbackAnswer, tries: int, jitter: float) -> NextStep:
        """Judge an answer. `tries`: attempts recorded before this one; `jitter` in 0…1."""
        return replace(self._judge(answer, tries, jitter), health=health_of(answer))

    def _judge(self, answer: CallbackAnswer, tries: int, jitter: float) -> NextStep:
        status = answer.status
        if status is not None and 200 <= status < 300 and not answer.abort:  # noqa: PLR2004
            return NextStep(DeliveryState.DELIVERED, f"the receiver answered {status}")
        stop = _reason_to_stop(answer)
        if stop:
            return NextStep(DeliveryState.STOPPED, stop)
        what = f"{answer.error}: {answer.detail}" if answer.error else f"{_SAID} {status}"
        if tries >= len(self.pauses_s):
            return NextStep(DeliveryState.EXHAUSTED, what)
        return NextStep(DeliveryState.PENDING, what, self._pause_s(answer, tries, jitter))

    def _pause_s(self, answer: CallbackAnswer, tries: int, jitter: float) -> float:
        pause = self.pauses_s[tries] * (1 + JITTER * jitter)
        if answer.timed_out or answer.status in _OVERLOADED:
            pause = max(pause, self.overload_pause_s)
        return max(pause, min(answer.retry_after_s or 0.0, RETRY_AFTER_CAP_S))


def health_of(answer: CallbackAnswer) -> Health:
    """Return what an answer says of its receiver, whatever it says of the callback.

    Any answer is a sign of life but 429 and 5xx: a receiver that is too busy, or broken. Without an
    address that was dialled, its host was not reached; what comes after (TLS, HTTP) depends on the
    URL, and one owner's must not speak for the others'.
    """
    if answer.error == ErrorClass.POLICY:
        return Health.UNKNOWN
    if answer.error in _UNREACHED and not answer.ip:
        return Health.UNREACHED
    if answer.timed_out:
        return Health.TIMED_OUT
    status = answer.status
    if status is None or status == HTTPStatus.TOO_MANY_REQUESTS or status >= _SERVER_ERROR:
        return Health.FAILED
    return Health.ANSWERED


_SERVER_ERROR: Final = 500
_UNREACHED: Final = (
    ErrorClass.DNS,
    ErrorClass.REFUSED,
    ErrorClass.UNREACHABLE,
    ErrorClass.CONNECT_TIMEOUT,
)
_SAID: Final = "the receiver answered"


def _reason_to_stop(answer: CallbackAnswer) -> str:
    if answer.error == ErrorClass.POLICY:
        return answer.detail
    if answer.status == HTTPStatus.GONE:
        return f"{_SAID} 410: it does not want this callback"
    return "the receiver asked to abort the message" if answer.abort else ""
