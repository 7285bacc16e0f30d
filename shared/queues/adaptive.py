"""How many calls a provider takes at once whose limit nobody knows, from what its answers say.

The limit grows while it is used up and nothing speaks against it: twofold until something first
does, then halfway to what was too much, then now and then a little. It shrinks when calls are
refused for want of room (429, 503), and when answers take longer than they do with room: then what
is too much stands in a line at the provider, and its share is known. Pure; times are milliseconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

#: Where it begins, and where it ends.
FIRST: Final = 4
MOST: Final = 10_000
#: How often it is judged (ms).
INTERVAL_MS: Final = 500
#: How long processes take to hear of a limit, and to tell what comes of it (ms): what is seen until
#: then is of the one before.
_HEARD_MS: Final = 2 * INTERVAL_MS
#: How much of it is left when calls are refused at a level that was good; when the step down did
#: not end that; when all calls are refused.
_REFUSED: Final = 0.85
_STILL_REFUSED: Final = 0.7
_ALL_REFUSED: Final = 0.5
#: Answers are slow when they take so much longer than with room, and more than chance explains.
_SLOW: Final = 1.05
_CHANCE: Final = 2.5
#: Fewer answers say nothing of how slow they are.
_SAMPLES: Final = 20
#: How fast it is forgotten how long answers take with room, a judgement: prompts become longer.
_AGING: Final = 1.0002
#: That much of a time is as long, and so many steps down in vain mean that there is no line.
_SAME: Final = 0.9
_IN_VAIN: Final = 3
#: What quicker answers weigh against what was known.
_WEIGHT: Final = 0.3
#: What is known well enough, and a step beyond it, as a share; how long it waits for one (ms).
_STEP: Final = 0.05
_PAUSE_MS: Final = 5_000
_LONGEST_PAUSE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a provider, over the whole cluster.

    `held`: most calls at once; `wanted`: whether more would have been made.
    """

    answers: int = 0
    answers_ms: int = 0
    #: The sum of squares of how long they took.
    answers_ms2: int = 0
    refused: int = 0
    held: int = 0
    wanted: bool = False

    def and_then(self, later: Seen) -> Seen:
        """Return what was seen in both times."""
        return Seen(
            self.answers + later.answers,
            self.answers_ms + later.answers_ms,
            self.answers_ms2 + later.answers_ms2,
            self.refused + later.refused,
            max(self.held, later.held),
            self.wanted or later.wanted,
        )

    @property
    def mean_ms(self) -> float:
        """How long an answer took."""
        return self.answers_ms / self.answers

    @property
    def chance(self) -> float:
        """By what share the mean may be off by chance."""
        variance = max(0.0, self.answers_ms2 / self.answers - self.mean_ms**2)
        return _CHANCE * math.sqrt(variance / self.answers) / max(1.0, self.mean_ms)


@dataclass(frozen=True, slots=True)
class Adaptive:
    """A limit, and what it was learned from."""

    limit: int = FIRST
    #: The highest that nothing spoke against, and the lowest that something did (0: none yet).
    good: int = 1
    bad: int = 0
    #: How long answers take with room.
    quick_ms: float = 0.0
    #: By what share that may be off by chance.
    chance: float = 0.0
    #: How long answers took when that last made it shrink, and how often that made them no quicker.
    slow_ms: float = 0.0
    in_vain: int = 0
    #: What is seen before then is of an earlier limit.
    judge_ms: int = 0
    #: No step beyond what is known before then, and how long the next one will wait.
    grow_ms: int = 0
    pause_ms: int = _PAUSE_MS
    #: Since the limit is what it is.
    seen: Seen = Seen()


def judged(
    known: Adaptive, now_seen: Seen, now_ms: int, most: int = MOST, line: int | None = None
) -> Adaptive:
    """Return the limit after an interval.

    `line`: how many requests wait in a queue of the provider's own, as it told since the limit is
    what it is; None where it does not tell, and is guessed from how long answers take.
    """
    if now_seen.refused:
        return _refused(known, now_seen, now_ms)
    if now_ms <= known.judge_ms:
        return known
    if line:
        return _lined(known, now_seen, line, now_ms)
    return _by_answers(known, now_seen, now_ms, most, is_told=line is not None)


def _by_answers(
    known: Adaptive, now_seen: Seen, now_ms: int, most: int, *, is_told: bool
) -> Adaptive:
    seen = known.seen.and_then(now_seen)
    if seen.answers < max(_SAMPLES, known.limit):
        return replace(known, seen=seen)
    mean_ms = seen.mean_ms
    known = _with_quick(known, seen)
    if not is_told and mean_ms > known.quick_ms * (_SLOW + seen.chance + known.chance):
        return _slow(known, mean_ms, now_ms)
    if not seen.wanted or seen.held < known.limit:
        return known
    return _grown(replace(known, good=known.limit, slow_ms=0.0, in_vain=0), mean_ms, now_ms, most)


def _with_quick(known: Adaptive, seen: Seen) -> Adaptive:
    """Learn how long answers take with room: quick ones tell it, slow ones only that it is old."""
    mean_ms, before = seen.mean_ms, known.quick_ms
    if not before:
        return replace(known, quick_ms=mean_ms, chance=seen.chance, seen=Seen())
    if mean_ms >= before:
        return replace(known, quick_ms=min(mean_ms, before * _AGING), seen=Seen())
    return replace(
        known,
        quick_ms=before + _WEIGHT * (mean_ms - before),
        chance=known.chance + _WEIGHT * (seen.chance - known.chance),
        seen=Seen(),
    )


def _grown(known: Adaptive, mean_ms: float, now_ms: int, most: int) -> Adaptive:
    """Go up: as far as what is known lets hope, or a step beyond it when it is time."""
    step = max(1, int(known.limit * _STEP))
    if not known.bad:
        limit = known.limit * 2
    elif known.bad - known.good > step:
        limit = (known.good + known.bad) // 2
    elif now_ms >= known.grow_ms:
        limit = known.limit + step
        # It may have more room than it had: then it goes on from here.
        known = replace(known, bad=0 if limit > known.bad else known.bad)
        known = replace(known, bad=known.bad or limit + step)
    else:
        return known
    return replace(known, limit=min(most, limit), judge_ms=_settled(now_ms, mean_ms))


def _refused(known: Adaptive, seen: Seen, now_ms: int) -> Adaptive:
    """Go back to the last level that was good; below it where that one is refused as well."""
    if known.good < known.limit:
        return _shrunk(known, known.good, now_ms, 0.0)
    if now_ms < known.judge_ms and seen.answers:
        # These calls began before all had heard of the last step down.
        return known
    is_next_step = now_ms < known.judge_ms + _HEARD_MS
    share = _STILL_REFUSED if is_next_step else _REFUSED
    return _shrunk(known, int(known.limit * (share if seen.answers else _ALL_REFUSED)), now_ms, 0.0)


def _lined(known: Adaptive, seen: Seen, line: int, now_ms: int) -> Adaptive:
    """Leave what does not wait there, once no more are under way than the limit lets begin."""
    if seen.held > known.limit:
        # What was read by now is of more calls than the limit is for.
        return replace(known, judge_ms=now_ms)
    shrunk = _shrunk(known, known.limit - line, now_ms, 0.0)
    # There is nothing between the two to be tried: the line says how much is too much.
    return replace(shrunk, bad=shrunk.limit + 1)


def _slow(known: Adaptive, mean_ms: float, now_ms: int) -> Adaptive:
    """Leave the share that does not wait in the provider's own line."""
    in_vain = known.in_vain + 1 if known.slow_ms * _SAME < mean_ms and known.slow_ms else 0
    if in_vain == _IN_VAIN:
        # Fewer calls are not quicker: what is asked takes longer than it did, there is no line.
        return replace(known, quick_ms=mean_ms, slow_ms=0.0, in_vain=0)
    known = replace(known, slow_ms=mean_ms, in_vain=in_vain)
    limit = round(known.limit * known.quick_ms / mean_ms)
    return _shrunk(known, min(limit, known.limit - 1), now_ms, mean_ms)


def _shrunk(known: Adaptive, limit: int, now_ms: int, mean_ms: float) -> Adaptive:
    limit = max(1, limit)
    is_step_back = limit >= known.good and known.limit <= known.good * (1 + 3 * _STEP) + 1
    pause_ms = min(_LONGEST_PAUSE_MS, known.pause_ms * 2) if is_step_back else _PAUSE_MS
    return replace(
        known,
        limit=limit,
        good=min(known.good, limit),
        bad=max(limit + 1, known.limit),
        judge_ms=_settled(now_ms, mean_ms),
        grow_ms=now_ms + pause_ms,
        pause_ms=pause_ms,
        seen=Seen(),
    )


def _settled(now_ms: int, mean_ms: float) -> int:
    """Return from when on what is seen is of a limit that is set now."""
    return now_ms + max(_HEARD_MS, round(2 * mean_ms))
