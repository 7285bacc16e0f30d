"""How the demo LLM behaves, read from the model's name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

#: The models that the demo LLM lists; names that combine their parts work too.
MODELS: tuple[str, ...] = (
    "demo",
    "demo-instant",
    "demo-slow",
    "demo-echo",
    "demo-fail-400",
    "demo-fail-500",
    "demo-fail-429",
    "demo-flaky-1",
    "demo-hang",
    "demo-reset",
    "demo-garbage",
    "demo-image",
    "demo-speech",
    "demo-transcribe",
)

_SLOW_S = 5.0
_WORD_S = 0.02

_PART = re.compile(
    r"-(?:"
    r"(?P<instant>instant)"
    r"|(?P<slow>slow)(?:-(?P<amount>[0-9]{1,9})(?P<unit>ms|s))?"
    r"|fail-(?P<status>[45][0-9][0-9])"
    r"|flaky-(?P<times>[0-9]{1,3})"
    r"|(?P<hang>hang)|(?P<reset>reset)|(?P<garbage>garbage)|(?P<echo>echo)"
    r"|image|speech|transcribe"
    r")(?=-|$)"
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the demo LLM does with a request, in this order: wait, fail, answer."""

    #: Wait before anything else, seconds. None: as long as the words take.
    delay_s: float | None = None
    #: Pause between two words, seconds.
    word_s: float = _WORD_S
    #: HTTP status to fail with always.
    fail_status: int | None = None
    #: How often each distinct request fails with 500 before it works.
    flaky_times: int = 0
    hang: bool = False
    reset: bool = False
    garbage: bool = False
    echo: bool = False


def parse_model(model: str) -> Behaviour | None:
    """Read `demo` and its parts, in any order; None when it is not a model of the demo LLM.

    Parts: -instant, -slow, -slow-<n>s, -slow-<n>ms, -fail-<status>, -flaky-<n>, -hang, -reset,
    -garbage, -echo. For example `demo-slow-200ms-fail-503`.
    """
    if not model.startswith("demo"):
        return None
    behaviour, position = Behaviour(), len("demo")
    while position < len(model):
        match = _PART.match(model, position)
        if match is None:
            return None
        behaviour = _with_part(behaviour, match)
        position = match.end()
    return behaviour


def _with_part(behaviour: Behaviour, part: re.Match[str]) -> Behaviour:
    if part["slow"]:
        return replace(behaviour, delay_s=_delay_s(part["amount"], part["unit"]))
    if part["status"]:
        return replace(behaviour, fail_status=int(part["status"]))
    if part["times"]:
        return replace(behaviour, flaky_times=int(part["times"]))
    if part["instant"] or part["echo"]:
        behaviour = replace(behaviour, word_s=0.0)
    flags = {flag: True for flag in ("hang", "reset", "garbage", "echo") if part[flag]}
    return replace(behaviour, **flags)


def _delay_s(amount: str | None, unit: str | None) -> float:
    if amount is None:
        return _SLOW_S
    return int(amount) / 1000 if unit == "ms" else float(amount)
