"""Plans which faults happen when: the same seed and duration, the same faults. Pure.

A plan is a row of rounds. Each kills every kind of process once. The ledger (Redis, and the
completion worker whose tick recovers jobs) is hit at the beginning of a round, the others later, so
that each lease which runs out finds a tick that has seen a healthy Redis for long enough to reap.
Without that quiet nothing could be said about how long a recovery takes. A `wild` plan has none:
it asks only whether anything is lost or doubled.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, cycle, takewhile

REDIS = "redis"
GATEWAY = "gateway"
COMPLETION = "completion"
CALLBACKS = "callbacks"
CHATS = ("chat1", "chat2", "chat3")

#: The kinds of processes that are killed.
KINDS = (GATEWAY, "chat", COMPLETION, CALLBACKS, REDIS)

#: Length of a round, and of one in which Redis is frozen (seconds).
ROUND_S = 26.0
FROZEN_ROUND_S = 44.0
#: Each so many rounds Redis is frozen, for so long (seconds).
_FROZEN_EVERY = 7
REDIS_FREEZE_S = 15.0
#: Each so many rounds a chat worker is frozen for longer than its lease (seconds), beginning with
#: the second: when it comes back, others have answered what it has in hand.
_LONG_FREEZE_EVERY = 4
_FIRST_LONG_FREEZE = 2
_LONG_FREEZE_S = (32.0, 37.0)
#: Sentinels find the replicas after some ten seconds, and promote none that has not caught up.
FIRST_FAILOVER_S = 14.0
FAILOVER_EVERY_S = 60.0
#: A run shorter than this is one dense round.
SHORT_S = 2 * ROUND_S


class Action(StrEnum):
    """What is done."""

    KILL = "kill"
    FREEZE = "freeze"
    #: Redis drops its connections: those of a type, `normal` or `pubsub`.
    DROP = "drop"
    #: The master among several servers is killed; a replica is promoted.
    FAIL_OVER = "fail_over"
    #: The master is made a replica and stays reachable: it refuses to write (READONLY).
    DEMOTE = "demote"
    #: The master's disk is full: it refuses to write (MISCONF).
    FILL = "fill"


#: How they come about, in turns, and how long each lasts (seconds): a master that cannot write
#: answers no PING either, so Sentinels promote another one while it is still reachable, and make it
#: a replica ten seconds later.
_FAILOVERS = ((Action.FAIL_OVER, 3.0), (Action.DEMOTE, 0.0), (Action.FILL, 16.0))
#: How long the one Redis refuses to write (seconds): no longer than it is away when killed.
_REFUSAL_S = 1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `lasts_s`: until the killed is started again, the frozen goes on, it is undone."""

    at_s: float
    action: Action
    role: str
    lasts_s: float = 0.0


def kind_of(role: str) -> str:
    """Return the kind of a process: the chat workers are one."""
    if role.startswith(REDIS):
        return REDIS
    return "chat" if role in CHATS else role


def kills(faults: Sequence[Fault]) -> Counter[str]:
    """Count the planned kills by kind."""
    return Counter(kind_of(fault.role) for fault in faults if fault.action is Action.KILL)


def plan(seed: int, duration_s: float, *, wild: bool = False) -> list[Fault]:
    """Return the faults of a run, in order."""
    rng = random.Random(seed)
    if duration_s < SHORT_S:
        faults = list(_short(rng, duration_s))
    elif wild:
        faults = list(_wild(rng, duration_s))
    else:
        faults = list(_rounds(rng, duration_s))
    return sorted(faults, key=lambda fault: fault.at_s)


def failing_over(seed: int, duration_s: float) -> list[Fault]:
    """Return the faults of a run with failovers, in order.

    The leases of a chat worker that is killed in a round end before the next master falls.
    """
    rng = random.Random(seed)
    starts = takewhile(lambda s: s < duration_s, count(FIRST_FAILOVER_S, FAILOVER_EVERY_S))
    faults: list[Fault] = []
    for start, (action, lasts_s) in zip(starts, cycle(_FAILOVERS), strict=False):
        faults.append(Fault(start, action, REDIS, lasts_s))
        at_s = start + rng.uniform(2.0, 3.5)
        faults.append(Fault(at_s, Action.KILL, COMPLETION, _pause(rng, 1.5)))
        faults.append(Fault(start + 7.0, Action.DROP, rng.choice(("normal", "pubsub"))))
        at_s = start + rng.uniform(8.0, ROUND_S - 3)
        faults.append(Fault(at_s, Action.KILL, CALLBACKS, _pause(rng, 4.0)))
        faults += _worker_faults(rng, start, ROUND_S)
        faults += _chat_kills(rng, start, CHATS, frozen=False)
    return sorted(faults, key=lambda fault: fault.at_s)


def _rounds(rng: random.Random, duration_s: float) -> Iterator[Fault]:
    start, number = 0.0, 1
    spared = ""
    while True:
        frozen = number % _FROZEN_EVERY == 0
        length = FROZEN_ROUND_S if frozen else ROUND_S
        if start + length > duration_s:
            return
        before_frozen = (number + 1) % _FROZEN_EVERY == 0
        yield from _ledger_faults(rng, start)
        # Just after these: the tick's time without an outage begins hardly later.
        yield Fault(start + 4.2, (Action.DEMOTE, Action.FILL)[number % 2], REDIS, _REFUSAL_S)
        if frozen:
            yield Fault(start + 6.0, Action.FREEZE, REDIS, REDIS_FREEZE_S)
        if number % _LONG_FREEZE_EVERY == _FIRST_LONG_FREEZE:
            # Not killed before it is back: into the next round.
            spared = rng.choice(CHATS[:2])
            long_s = rng.uniform(*_LONG_FREEZE_S)
            yield Fault(start + rng.uniform(9, 14), Action.FREEZE, spared, long_s)
        elif number % _LONG_FREEZE_EVERY != _FIRST_LONG_FREEZE + 1:
            spared = ""
        # A delivery's lease is not to run out while Redis has just begun to be frozen.
        earliest = 13.0 if before_frozen else 8.0
        at_s = start + rng.uniform(earliest, length - 3)
        yield Fault(at_s, Action.KILL, CALLBACKS, _pause(rng, 4.0))
        yield from _worker_faults(rng, start, length)
        if not before_frozen:
            able = [role for role in CHATS if role != spared]
            yield from _chat_kills(rng, start, able, frozen=frozen)
        start, number = start + length, number + 1


def _ledger_faults(rng: random.Random, start: float) -> Iterator[Fault]:
    first, second = rng.sample((REDIS, COMPLETION), 2)
    yield Fault(start + rng.uniform(0.2, 1.5), Action.KILL, first, _pause(rng, 1.5))
    yield Fault(start + rng.uniform(2.0, 3.5), Action.KILL, second, _pause(rng, 1.5))
    dropped = rng.choice(("normal", "pubsub"))
    yield Fault(start + rng.uniform(5.0, 5.9), Action.DROP, dropped)


def _worker_faults(rng: random.Random, start: float, length: float) -> Iterator[Fault]:
    latest = length - 3
    yield Fault(start + rng.uniform(8, latest), Action.KILL, GATEWAY, _pause(rng, 3.0))
    role = rng.choice((GATEWAY, CALLBACKS, COMPLETION, *CHATS))
    latest = 10 if role == COMPLETION else length - 10
    at_s = start + rng.uniform(8, latest)
    yield Fault(at_s, Action.FREEZE, role, rng.uniform(2.0, 6.0))


def _chat_kills(
    rng: random.Random, start: float, able: Sequence[str], *, frozen: bool
) -> Iterator[Fault]:
    """Kill where the lease runs out in a quiet time of the tick."""
    spans = ((25.0, 30.0), (33.0, 40.0)) if frozen else ((9.0, 20.0),)
    for span in spans:
        yield Fault(start + rng.uniform(*span), Action.KILL, rng.choice(able), _pause(rng, 4.0))


def _pause(rng: random.Random, most_s: float) -> float:
    """Return how long the process stays away: half of the time not at all."""
    return rng.choice((0.0, rng.uniform(0.3, most_s)))


def _short(rng: random.Random, duration_s: float) -> Iterator[Fault]:
    """Kill each kind once, the chat worker first: its jobs take the longest to come back."""
    yield Fault(rng.uniform(2, 3), Action.KILL, CHATS[0], _pause(rng, 1.0))
    roles = [COMPLETION, REDIS, GATEWAY, CALLBACKS]
    rng.shuffle(roles)
    room_s = max(duration_s - 5.0, 5.0) / len(roles)
    for number, role in enumerate(roles):
        at_s = 4.0 + number * room_s + rng.uniform(0, room_s / 2)
        yield Fault(at_s, Action.KILL, role, _pause(rng, 1.0))
    yield Fault(duration_s * 0.8, Action.DEMOTE, REDIS, _REFUSAL_S)
    yield Fault(duration_s * 0.9, Action.FILL, REDIS, _REFUSAL_S)
    yield Fault(rng.uniform(4, 6), Action.FREEZE, CHATS[1], 2.0)
    yield Fault(rng.uniform(5, 8), Action.DROP, "normal")
    yield Fault(rng.uniform(5, 8), Action.DROP, "pubsub")


def _wild(rng: random.Random, duration_s: float) -> Iterator[Fault]:
    for _ in range(round(duration_s / ROUND_S)):
        for role in (REDIS, GATEWAY, COMPLETION, CALLBACKS, rng.choice(CHATS)):
            yield Fault(rng.uniform(0, duration_s), Action.KILL, role, _pause(rng, 4.0))
            yield Fault(rng.uniform(0, duration_s), Action.FREEZE, role, rng.uniform(0.5, 6.0))
        for action in (Action.DEMOTE, Action.FILL):
            yield Fault(rng.uniform(0, duration_s), action, REDIS, rng.uniform(0.5, 6.0))
        for kind in ("normal", "pubsub"):
            yield Fault(rng.uniform(0, duration_s), Action.DROP, kind)
        long_s = rng.uniform(*_LONG_FREEZE_S)
        yield Fault(rng.uniform(0, duration_s), Action.FREEZE, rng.choice(CHATS), long_s)
