"""The job ledger: the moves of a job's life, each one atomic Lua script.

KEYS and ARGV of each move stand at the top of its script in `lua/`. Times are milliseconds; a
`now_ms` of 0 means Redis's own clock, the only one that all machines share.
"""

from __future__ import annotations

from collections.abc import Callable

import redis

from shared.ledger.acceptance import Acceptance, no_known_id
from shared.ledger.attempts import Attempts
from shared.ledger.bulk_acceptance import BulkAcceptance
from shared.ledger.commands import Commands
from shared.ledger.completion import Completion
from shared.ledger.joint_acceptance import JointAcceptance
from shared.ledger.reader import Reader
from shared.queues.flows import FlowStore
from shared.settings import Settings
from shared.store.clock import Clock, redis_clock


class JobStore:
    """Every move of a job, each that of the role which owns it.

    Who makes the moves of one role takes that role alone. The moves raise redis.RedisError when the
    ledger cannot be reached.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: Settings,
        clock: Clock = redis_clock,
        known_id: Callable[[], int] = no_known_id,
    ) -> None:
        """`known_id` tells the highest id that the history knows."""
        self.acceptance = Acceptance(client, settings, clock, known_id)
        self.joint = JointAcceptance(self.acceptance)
        self.attempts = Attempts(client, settings, clock)
        self.completion = Completion(client, settings, clock)
        self.commands = Commands(client, settings, clock)
        self.reader = Reader(client, settings, clock)
        self.flows = FlowStore(client, settings, clock)

        self.accept = self.joint.accept
        self.accept_all = BulkAcceptance(self.acceptance).accept_all
        self.cancel = self.commands.cancel
        self.cancel_all = self.commands.cancel_all
        self.retry = self.commands.retry

        self.claim = self.attempts.claim
        self.renew = self.attempts.renew
        self.execute = self.attempts.execute
        self.defer = self.attempts.defer

        self.executed = self.completion.executed
        self.complete = self.completion.complete

        self.client = self.reader.client
        self.position = self.reader.position
        self.flow_standing = self.flows.standing
        self.watch = self.reader.watch
        self.get = self.reader.get
        self.answer = self.reader.answer
        self.summaries = self.reader.summaries
        self.queued = self.reader.queued
        self.making = self.reader.making
        self.find_id = self.reader.find_id
        self.ping = self.reader.ping
