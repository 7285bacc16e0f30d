"""The gateway's first move: a request becomes a job in line, once, if there is room for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import redis

from shared.errors import (
    BodyTooLarge,
    GroupClosed,
    GroupFull,
    LedgerUnavailable,
    OwnerBytesFull,
    OwnerFlowsFull,
    OwnerLaterFull,
    OwnerQueueFull,
    QueueFull,
    RefIdConflict,
)
from shared.jobs.epoch import Epoch
from shared.jobs.job import NewJob
from shared.jobs.moves import Accepted
from shared.ledger.accept_call import accept_call
from shared.ledger.key_limits import KeyLimits, over_limit, retry_after_s
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import Clock, redis_clock
from shared.store.replicas import confirm
from shared.store.scripts import Call

_FULL: Final = {
    "full": QueueFull,
    "owner_full": OwnerQueueFull,
    "later_full": OwnerLaterFull,
    "bytes_full": OwnerBytesFull,
    "flows_full": OwnerFlowsFull,
}
#: What the script says of one job.
Told = Sequence[bytes]
#: Its verdict while ids have no epoch.
UNBORN: Final = b"unborn"
_GROUP: Final = {"group_closed": GroupClosed, "group_full": GroupFull}


def no_known_id() -> int:
    """Stand for a history that knows no id."""
    return 0


class Acceptance(Ledger):
    """Accepts jobs, within the bounds of the queues and of the keys."""

    def __init__(
        self,
        client: redis.Redis,
        settings: Settings,
        clock: Clock = redis_clock,
        known_id: Callable[[], int] = no_known_id,
    ) -> None:
        """`known_id` tells the highest id that the history knows; ids of a new epoch are above."""
        super().__init__(client, settings, clock)
        self._limits = KeyLimits(clock)
        self._known_id = known_id

    def accept(self, new: NewJob) -> Accepted:
        """Make the job and put it in line, or find the one its RefId made before.

        Raises RefIdConflict (same RefId, other request), QueueFull, OwnerQueueFull, OwnerBytesFull,
        GroupClosed, GroupFull, BodyTooLarge (it could never have room), RateLimitExceeded and its
        kin when the key's limits have no room for it; LedgerUnavailable, or what `known_id` raises,
        while the ledger cannot give an id that nobody has, or has fewer replicas than wanted: then
        the job may be there.
        """
        accepted = self.accepted(new, self.run([new])[0])
        self.confirm()
        return accepted

    def find_made(self, owner: str, ref_id: str, fingerprint: str) -> Accepted | None:
        """Return the job that this RefId made of the same request. Raises LedgerUnavailable."""
        job_id: Any = self._client.get(keys.ref(owner, ref_id))
        made = job_id and self._client.hget(keys.job(int(job_id)), "fingerprint")
        if made != fingerprint.encode():
            return None
        self.confirm()
        return Accepted(int(job_id), is_new=False)

    def run(self, news: Sequence[NewJob]) -> Sequence[Told]:
        """Run the script for jobs that are alike, up to the first that is refused.

        Return what it says of each.
        """
        call = self._call(news)
        told: Sequence[Told] = self._scripts.run(call)
        if told[0][0] == UNBORN:
            self.begin_epoch()
            told = self._scripts.run(call)
        return told

    def try_all(self, runs: Sequence[Sequence[NewJob]]) -> Sequence[Sequence[Told] | Exception]:
        """Run the script for all jobs of these in one round trip; errors are returned too."""
        return self._scripts.try_all([self._call(news, goes_on=True) for news in runs])

    def begin_epoch(self) -> None:
        """Let there be ids that nobody has. Raises LedgerUnavailable, or what `known_id` raises."""
        Epoch(self._client).ensure(self._known_id())

    def _call(self, news: Sequence[NewJob], *, goes_on: bool = False) -> Call:
        allowance = news[0].allowance
        limit_keys = self._limits.keys_of(allowance.key_id) if allowance else ()
        return accept_call(news, limit_keys, self._settings, self._clock(), goes_on=goes_on)

    def accepted(self, new: NewJob, answer: Told) -> Accepted:
        """Return what the script's answer says of a job. Raises its refusal."""
        self._refuse(new, answer)
        return Accepted(int(answer[1]), is_new=answer[0] == b"accepted")

    def confirm(self) -> None:
        """Wait for the replicas that must have what was accepted. Raises LedgerUnavailable."""
        if self._settings.redis_min_replicas:
            # Known before, too: whoever made it may not have been told.
            confirm(self._client, self._settings.redis_min_replicas)

    def _refuse(self, new: NewJob, answer: Told) -> None:
        """Raise what the script's answer means, unless there is a job."""
        verdict, value = answer[0].decode(), int(answer[1])
        if verdict == "conflict":
            raise RefIdConflict(field="refId")
        if verdict == "unborn":
            raise LedgerUnavailable(retry_after_s=1)
        if verdict == "bytes_full" and len(new.request) > self._settings.owner_queue_bytes:
            raise BodyTooLarge(self._never_has_room())
        if verdict in _GROUP:
            raise _GROUP[verdict](field="groupId")
        if verdict in _FULL:
            raise _FULL[verdict](retry_after_s=retry_after_s(value, float(answer[2])))
        if verdict == "limited":
            raise over_limit(answer[2].decode(), value)

    def _never_has_room(self) -> str:
        most = self._settings.owner_queue_bytes
        return f"The request is larger than the {most} bytes that one key may have queued."
