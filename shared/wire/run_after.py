"""Reads `runAfter`: the moment before which a queued job is not to run. Pure.

It comes as seconds from now or as a moment, and is kept as the scripts of the ledger take it, by
whose clock it counts: `+<milliseconds>`, or unix milliseconds; empty when there is none.
"""

from __future__ import annotations

import re
from typing import Final

from shared.codecs.moments import to_unix_ms
from shared.errors import ValidationFailed

FIELD: Final = "runAfter"
#: A leap year, seconds.
MOST_S: Final = 366 * 86_400
_SECONDS: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
_FORM: Final = "must be seconds from now, or a date and time such as 2026-01-31T08:00:00Z"
_TOO_FAR: Final = f"{FIELD} must be at most a year from now"


def read_run_after(value: object) -> str:
    """Return it as it is kept. Raises ValidationFailed, not yet for a moment too far away."""
    if value is None or value == "":
        return ""
    seconds = _seconds(value)
    if seconds is None:
        return str(_moment_ms(value))
    if not 0 <= seconds <= MOST_S:
        raise ValidationFailed(_TOO_FAR if seconds > 0 else f"{FIELD} {_FORM}", field=FIELD)
    return f"+{round(seconds * 1000)}"


def delay_s(run_after: str, now_s: float) -> float:
    """Return how long it is until then, at least 0. Raises ValidationFailed beyond a year."""
    if not run_after:
        return 0.0
    if run_after.startswith("+"):
        return int(run_after) / 1000
    left_s = int(run_after) / 1000 - now_s
    if left_s > MOST_S:
        raise ValidationFailed(_TOO_FAR, field=FIELD)
    return max(0.0, left_s)


def refuse_run_after(run_after: str) -> None:
    """Raise ValidationFailed if there is one: somebody waits for the answer."""
    if run_after:
        raise ValidationFailed(
            f"{FIELD} is for calls that nobody waits for: queue the call", field=FIELD
        )


def _seconds(value: object) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    return float(text) if _SECONDS.fullmatch(text) else None


def _moment_ms(value: object) -> int:
    try:
        found = to_unix_ms(value)
    except ValueError as exc:
        raise ValidationFailed(f"{FIELD} {_FORM}", field=FIELD) from exc
    if not isinstance(found, int):
        raise ValidationFailed(f"{FIELD} {_FORM}", field=FIELD)
    return max(0, found)
