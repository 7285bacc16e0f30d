"""Reads a flow key: how many of its owner's jobs that have it run at once, or begin. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from shared.errors import ValidationFailed

KEY: Final = "flowKey"
MAX_PARALLEL: Final = "maxParallel"
RATE: Final = "rate"
#: The fields that say something only beside a key.
LIMITS: Final = (MAX_PARALLEL, RATE)

_LONGEST_KEY: Final = 128
_MOST: Final = 100_000
#: So many attempts of the last period are remembered.
_MOST_RATE: Final = 10_000
_DIGITS: Final = 9
_UNITS_MS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST_PERIOD_MS: Final = _UNITS_MS["d"]
#: Whole names alone: a month begins as a minute does.
_NAMES: Final = r"s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?"
#: Blanks stand in one place each: if two could have the same ones, many would be tried for hours.
_RATE: Final = re.compile(
    rf"([0-9]{{1,9}})(?:\s*(?:/|per)\s*(?:([0-9]{{1,9}})\s*)?({_NAMES}))?",
    re.IGNORECASE | re.ASCII,
)


class Flow(NamedTuple):
    """A flow key and its limits, 0 for none: jobs at once, and attempts begun in a period."""

    key: str
    max_parallel: int = 0
    rate: int = 0
    period_ms: int = 0

    @property
    def limits(self) -> str:
        """Return the limits as the scripts of the ledger keep them."""
        return f"{self.max_parallel} {self.rate} {self.period_ms}"

    @classmethod
    def of(cls, key: str, limits: str) -> Flow:
        """Read a key and what `limits` returned."""
        return cls(key, *(int(number) for number in limits.split()))


def read_flow(told: Mapping[str, Any]) -> Flow | None:
    """Return the flow that the gateway's fields name, None for none. Raises ValidationFailed."""
    key = told.get(KEY)
    if key is None or key == "":
        return None
    if not isinstance(key, str) or len(key) > _LONGEST_KEY or not key.isprintable():
        form = f"{KEY} must be a text of at most {_LONGEST_KEY} printable characters"
        raise ValidationFailed(form, field=KEY)
    most = _max_parallel(told.get(MAX_PARALLEL))
    rate, period_ms = _rate(told.get(RATE))
    if not most and not rate:
        raise ValidationFailed(f"{KEY} needs {MAX_PARALLEL}, {RATE} or both beside it", field=KEY)
    return Flow(key, most, rate, period_ms)


def refuse_limits_alone(told: Mapping[str, Any]) -> None:
    """Raise ValidationFailed for limits without a key, where they can be meant for nobody else."""
    for name in LIMITS:
        if told.get(name) not in (None, "") and not told.get(KEY):
            raise ValidationFailed(f"{name} needs a {KEY} that it counts for", field=name)


def refuse_flow(flow: Flow | None) -> None:
    """Raise ValidationFailed if there is one: somebody waits for the answer."""
    if flow:
        told = f"{KEY} is for calls that nobody waits for: queue the call"
        raise ValidationFailed(told, field=KEY)


def rate_text(flow: Flow) -> str:
    """Return the rate as it may be written: `10/m`, `5/30s`; empty for none."""
    if not flow.rate:
        return ""
    unit, unit_ms = next(
        (unit, ms) for unit, ms in reversed(_UNITS_MS.items()) if flow.period_ms % ms == 0
    )
    number = flow.period_ms // unit_ms
    return f"{flow.rate}/{'' if number == 1 else number}{unit}"


def _max_parallel(value: object) -> int:
    if value is None or value == "":
        return 0
    number = _whole(value)
    if not 0 < number <= _MOST:
        told = f"{MAX_PARALLEL} must be a whole number from 1 to {_MOST}"
        raise ValidationFailed(told, field=MAX_PARALLEL)
    return number


def _rate(value: object) -> tuple[int, int]:
    """Return how many, and in how long (ms). A number alone counts for a minute."""
    if value is None or value == "":
        return 0, 0
    text = str(_whole(value)) if isinstance(value, (int, float)) else str(value).strip()
    found = _RATE.fullmatch(text)
    if found:
        number, count, unit = found.groups()
        period_ms = int(count or 1) * _UNITS_MS[(unit or "m")[0].lower()]
        if 0 < int(number) <= _MOST_RATE and 0 < period_ms <= _LONGEST_PERIOD_MS:
            return int(number), period_ms
    told = (
        f"{RATE} must say how many may begin in how long, such as 10/s, 60/m or 500/h: "
        f"at most {_MOST_RATE}, in at most a day; a number alone counts for a minute"
    )
    raise ValidationFailed(told, field=RATE)


def _whole(value: object) -> int:
    """Return a number as it came in JSON or a form; -1 when it is none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    text = str(value)
    is_number = (
        not isinstance(value, bool) and text.isascii() and text.isdigit() and len(text) <= _DIGITS
    )
    return int(text) if is_number else -1
