"""Tests of receivers: a gateway asks, a callbacks worker sends a sample, the gateway answers.

They are no deliveries: nothing is retried, and all of it is gone after some minutes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from shared.callbacks.delivery import DeliveryAttempt, DeliveryState, NextStep
from shared.callbacks.delivery_keys import MESSAGES
from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.clock import milliseconds
from shared.store.scripts import Call

#: How long a test and its outcome are kept (seconds).
_KEPT_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class CallbackTest:
    """A sample to be sent."""

    id: int
    owner: str
    url: str
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What came of it: the row of its log, and what would follow if it were a delivery."""

    attempt: DeliveryAttempt
    step: NextStep

    #: It is no class of tests, whatever pytest thinks of its name.
    __test__ = False

    def to_json(self) -> str:
        """Return the outcome as it is stored."""
        return json.dumps({"attempt": self.attempt.to_json(), "step": asdict(self.step)})

    @classmethod
    def from_json(cls, text: bytes) -> TestOutcome:
        """Read a stored outcome."""
        found = json.loads(text)
        step = {**found["step"], "state": DeliveryState(found["step"]["state"])}
        return cls(DeliveryAttempt.from_json(found["attempt"]), NextStep(**step))


class CallbackTestStore(Store):
    """Keeps tests from the wish to the outcome. Raises redis.RedisError."""

    def request(self, owner: str, url: str, mailbox: str) -> tuple[int, str]:
        """Ask for a sample to be sent; return the test's id and its epoch.

        `mailbox` hears of the outcome.
        """
        call = Call(
            "request_callback_test",
            [keys.JOB_ID, MESSAGES, keys.QUEUE_PLACE],
            [keys.CALLBACK_TEST_PREFIX, owner, url, mailbox, milliseconds(_KEPT_S)],
        )
        test_id, epoch = self._scripts.run(call)
        return int(test_id), epoch.decode()

    def claim(self, test_id: int) -> CallbackTest | None:
        """Begin; None when it is gone, or somebody has begun before."""
        name = keys.callback_test(test_id)
        row: Any = self._client.hmget(name, "owner", "url", "epoch")
        if row[0] is None or not self._client.hsetnx(name, "begun", 1):
            return None
        return CallbackTest(test_id, row[0].decode(), row[1].decode(), (row[2] or b"").decode())

    def finish(self, test_id: int, outcome: TestOutcome) -> None:
        """Keep the outcome and wake who waits."""
        call = Call("finish_callback_test", [keys.callback_test(test_id)], [outcome.to_json()])
        self._scripts.run(call)

    def outcome(self, test_id: int) -> TestOutcome | None:
        """Return what came of it; None while it is under way."""
        text: Any = self._client.hget(keys.callback_test(test_id), "outcome")
        return TestOutcome.from_json(text) if text else None
