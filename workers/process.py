"""What every part of a worker process has: settings, the ledger's connection, clocks and counts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from redis import Redis

from shared.settings import Settings
from shared.telemetry.counters import Counters
from shared.telemetry.tally import Tally


@dataclass(frozen=True)
class Process:
    """One worker process. Tests build their own, with clocks that they set."""

    settings: Settings
    redis: Redis
    counters: Counters
    tally: Tally = field(default_factory=Tally)
    name: str = "worker"
    #: Monotonic seconds.
    monotonic: Callable[[], float] = time.monotonic
    #: Unix seconds.
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
