"""What work on a job needs."""

from __future__ import annotations

from dataclasses import dataclass

import requests

from shared.artifacts.artifacts import Artifacts
from shared.ledger.attempts import Attempts
from shared.ledger.reader import Reader
from workers.chat.lanes import Lanes
from workers.chat.relay import Relays
from workers.chat.running import Running
from workers.chat.usage import UsageSupport
from workers.process import Process
from workers.providers.access import Access
from workers.providers.base import Dialects
from workers.routing.deps import RoutingDeps


@dataclass(frozen=True, slots=True)
class ChatDeps:
    """The moves of an attempt, who is called, and what runs in this process."""

    process: Process
    routing: RoutingDeps
    jobs: Attempts
    reader: Reader
    artifacts: Artifacts
    access: Access
    dialects: Dialects
    llm_session: requests.Session
    relays: Relays
    running: Running
    lanes: Lanes
    usage: UsageSupport
