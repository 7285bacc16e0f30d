"""Decides how long to wait before the next attempt. Pure."""

from __future__ import annotations

#: A provider's Retry-After is honoured up to this (seconds).
RETRY_AFTER_CAP_S = 3600.0
#: When a provider is asked again that has learned limits and had no room: calls end all the time
#: there, and by then no more of them begin than it took (seconds).
ROOM_PAUSES_S = (0.05, 0.1, 0.2, 0.4)


def delay_s(
    attempt: int, *, base_s: float, cap_s: float, jitter: float, retry_after_s: float | None = None
) -> float:
    """Return the pause after attempt number `attempt` (from 1), in seconds.

    Doubles from `base_s` to `cap_s`; `jitter` in 0…1 takes away up to half of it, so that jobs
    that failed together do not come back together. Never shorter than the provider asked for.
    """
    pause: float = min(cap_s, base_s * 2 ** (attempt - 1))
    pause -= pause / 2 * jitter
    return max(pause, min(retry_after_s or 0.0, RETRY_AFTER_CAP_S))
