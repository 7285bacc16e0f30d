"""Which fields of its request an attempt could not follow to the letter, told in job and answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from redis.exceptions import RedisError

from shared.jobs.job import Attempt
from shared.jobs.moves import Claim
from shared.ledger.attempts import Attempts

log = logging.getLogger(__name__)


class Adjusted:
    """What one attempt has adjusted."""

    def __init__(self, jobs: Attempts, claim: Claim) -> None:
        self._jobs = jobs
        self._claim = claim
        self._names: tuple[str, ...] = ()

    def note(self, names: Sequence[str]) -> None:
        """Note the fields, before the call: a stream's headers go out with its first chunk."""
        if tuple(names) == self._names:
            return
        self._names = tuple(names)
        try:
            self._jobs.note_adjusted(self._claim.id, self._claim.attempt, names)
        except RedisError as exc:
            # The answer matters more than the header; the attempt tells it all the same.
            log.debug("job %s: what was adjusted is not noted: %s", self._claim.id, exc)

    def told_in(self, record: Attempt) -> Attempt:
        """Return the attempt's record with them in its detail."""
        if not self._names:
            return record
        told = f"adjusted: {', '.join(self._names)}"
        return replace(record, detail=f"{record.detail}; {told}" if record.detail else told)
