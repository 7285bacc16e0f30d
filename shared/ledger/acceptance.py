"""The gateway's first move: a request becomes a job in line, once, if there is room for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import redis

from shared.errors import (
    BodyTooLarge,
    LedgerUnavailable,
    OwnerBytesFull,
    OwnerLaterFull,
    OwnerQueueFull,
    QueueFull,
    RefIdConflict,
)
from shared.jobs.epoch import Epoch
from shared.jobs.job import NewJob
from shared.jobs.moves import Accepted
from shared.ledger.key_limits import KeyLimits, over_limit, retry_after_s
from shared.operation import MEDIA, Operation
from shared.queues import names as task_names
from shared.queues import queue_keys
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import Clock, milliseconds, redis_clock
from shared.store.replicas import confirm
from shared.store.scripts import Argument, Call

_FULL: Final = {
    "full": QueueFull,
    "owner_full": OwnerQueueFull,
    "later_full": OwnerLaterFull,
    "bytes_full": OwnerBytesFull,
}


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
        BodyTooLarge (it could never have room), RateLimitExceeded and its kin when the key's limits
        have no room for it; LedgerUnavailable, or what `known_id` raises, while the ledger cannot
        give an id that nobody has, or has fewer replicas than wanted: then the job may be there.
        """
        accept_keys = [
            keys.JOB_ID,
            keys.ref(new.owner, new.ref_id),
            *queue_keys.of_accept(new.model, new.priority, new.owner, new.provider, new.operation),
        ]
        if new.allowance:
            accept_keys += self._limits.keys_of(new.allowance.key_id)
        call = Call("accept", accept_keys, self._accept_args(new))
        answer = self._scripts.run(call)
        if answer[0] == b"unborn":
            self.begin_epoch()
            answer = self._scripts.run(call)
        accepted = self.accepted(new, answer)
        self.confirm()
        return accepted

    def begin_epoch(self) -> None:
        """Let ids begin above all that the history knows."""
        Epoch(self._client).ensure(self._known_id())

    def accepted(self, new: NewJob, answer: Sequence[bytes]) -> Accepted:
        """Return what the script's answer says of a job. Raises its refusal."""
        self._refuse(new, answer)
        return Accepted(int(answer[1]), is_new=answer[0] == b"accepted")

    def confirm(self) -> None:
        """Wait for the replicas that must have what was accepted. Raises LedgerUnavailable."""
        if self._settings.redis_min_replicas:
            # Known before, too: whoever made it may not have been told.
            confirm(self._client, self._settings.redis_min_replicas)

    def _refuse(self, new: NewJob, answer: Sequence[bytes]) -> None:
        """Raise what the script's answer means, unless there is a job."""
        verdict, value = answer[0].decode(), int(answer[1])
        if verdict == "conflict":
            raise RefIdConflict(field="refId")
        if verdict == "unborn":
            raise LedgerUnavailable(retry_after_s=1)
        if verdict == "bytes_full" and len(new.request) > self._settings.owner_queue_bytes:
            raise BodyTooLarge(self._never_has_room())
        if verdict in _FULL:
            raise _FULL[verdict](retry_after_s=retry_after_s(value, float(answer[2])))
        if verdict == "limited":
            raise over_limit(answer[2].decode(), value)

    def _never_has_room(self) -> str:
        most = self._settings.owner_queue_bytes
        return f"The request is larger than the {most} bytes that one key may have queued."

    def _accept_args(self, new: NewJob) -> list[Argument]:
        settings = self._settings
        return [
            self._clock(),
            keys.JOB_PREFIX,
            new.model,
            task_names.chat_queue(new.model),
            new.priority,
            settings.queue_window,
            settings.queue_limit,
            settings.owner_queue_limit,
            milliseconds(new.timeout_s),
            new.fingerprint,
            new.tag,
            new.owner,
            new.allowance.to_json() if new.allowance else "",
            settings.owner_queue_bytes,
            len(new.request),
            new.run_after,
            settings.owner_delayed_limit,
            *(part for pair in fields_of(new).items() for part in pair),
        ]


def fields_of(new: NewJob) -> dict[str, str | bytes]:
    """Return what the job's hash holds beside what the script itself writes."""
    fields: dict[str, str | bytes] = {
        "ref_id": new.ref_id,
        "provider": new.provider,
        "reply_to": new.reply_to,
        "request": new.request,
    }
    if new.mailbox:
        fields["mailboxes"] = new.mailbox
    if new.streamed:
        fields["streamed"] = "1"
    if new.base_url and (new.reply_to or new.operation in MEDIA):
        fields["base_url"] = new.base_url
    if new.request_id:
        fields["request_id"] = new.request_id
    if new.operation is not Operation.CHAT:
        fields["operation"] = new.operation
    if new.forced:
        fields["forced"] = "1"
    if new.allowance:
        fields["key_id"] = new.allowance.key_id
        fields["reserved"] = str(new.allowance.tokens)
    return fields
