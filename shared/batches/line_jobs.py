"""The jobs of a batch's lines in the ledger: which have ended, as what, and which have served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from shared.batches.store import Line
from shared.jobs.epoch import Epoch
from shared.jobs.job import JobState
from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.clock import milliseconds
from shared.store.scripts import Call

#: Jobs of one run of a script, in which Redis serves nobody else: about a millisecond.
_LOOKS: Final = 250
#: How long a job stays whose outcome is noted (seconds): who has lost the right to feed and does
#: not know it yet finds it by its RefId.
_STAYS_S: Final = 30.0
#: What a line is told of its job.
_FIELDS: Final = ("state", "outcome", "status", "response", "error")
_FINAL: Final = frozenset(state.encode() for state in JobState if state.is_final)


class Ended(NamedTuple):
    """What a job came to: the name of its state, the HTTP status, and one of the bodies."""

    outcome: str
    status: int
    response: bytes | None
    error: bytes | None


class LineJobs(Store):
    """Raises redis.RedisError."""

    def ended(self, lines: Sequence[Line], owner: str) -> tuple[list[tuple[Line, int]], list[Line]]:
        """Return the lines whose jobs have ended, with the bytes of what came, and the lost ones.

        Lost are those whose jobs are not there.
        """
        ended: list[tuple[Line, int]] = []
        lost: list[Line] = []
        for first in range(0, len(lines), _LOOKS):
            some = lines[first : first + _LOOKS]
            told: Any = self._scripts.run(
                Call("stand", [keys.job(line.job or 0) for line in some], [owner])
            )
            for line, stands in zip(some, told, strict=True):
                if stands > 0:
                    ended.append((line, stands))
                elif stands < 0:
                    lost.append(line)
        return ended, lost

    def read(self, lines: Sequence[Line]) -> list[Ended | None]:
        """Return what the lines' jobs came to, in one round trip; None for one that goes on."""
        pipe = self._client.pipeline(transaction=False)
        for line in lines:
            pipe.hmget(keys.job(line.job or 0), *_FIELDS)
        return [_ended(*row) for row in pipe.execute()]

    def let_go(self, lines: Sequence[tuple[Line, str]], owner: str) -> None:
        """Let jobs leave the ledger soon: what they came to is noted, and in the history.

        They are those of lines, each with its RefId.
        """
        if lines:
            names = [
                name
                for line, ref_id in lines
                for name in (keys.job(line.job or 0), keys.ref(owner, ref_id))
            ]
            self._scripts.run(Call("let_go_soon", names, [milliseconds(_STAYS_S)]))

    def take_ids(self, count: int, known_id: int) -> int:
        """Return the first of so many ids that no job has or will get.

        `known_id` is the highest id that the history knows.
        """
        Epoch(self._client).ensure(known_id)
        return int(self._client.incrby(keys.JOB_ID, count)) - count + 1


def _ended(
    state: bytes | None,
    outcome: bytes | None,
    status: bytes | None,
    response: bytes | None,
    error: bytes | None,
) -> Ended | None:
    if state not in _FINAL:
        return None
    return Ended((outcome or b"").decode(), int(status or 0), response, error)
